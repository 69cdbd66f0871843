"""Settings of all tests."""

# Imported before any test runs. Its pytest plugin else imports it in the summary, when a run had
# no property test; pytest then parses its files anew while what the tests left behind is being
# collected, and before Python 3.11.8 and 3.12.2 a parse within a parse ends the whole run with
# "SystemError: AST constructor recursion depth mismatch" (python/cpython#106905).
from hypothesis import settings

settings.register_profile("house", deadline=None)  # a busy machine is not a failure
settings.load_profile("house")
