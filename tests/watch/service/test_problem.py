from hydrometer.errors import StoreError
from hydrometer.watch.service.problem import problem, problem_of


def test_a_problem_says_what_got_wanted_and_next():
    err = StoreError("full", got="0 bytes", wanted="some", next_step="free space")
    told = {"what": "full", "got": "0 bytes", "wanted": "some", "next": "free space"}
    assert problem_of(err) == {"error": told}
    assert problem("full") == {"error": {"what": "full"}}
