"""Settings of all tests."""

# Imported before any test runs. Its pytest plugin else imports it in the summary, when a run had
# no property test, and pytest parses its files anew. Before Python 3.11.8 and 3.12.2, two parses
# at once (a thread of a test, or a finalizer, that formats a traceback: its carets are found by
# parsing) end the whole run with "SystemError: AST constructor recursion depth mismatch"
# (python/cpython#106905).
from hypothesis import settings

settings.register_profile("house", deadline=None)  # a busy machine is not a failure
settings.load_profile("house")
