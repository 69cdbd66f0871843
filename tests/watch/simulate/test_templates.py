from hydrometer.watch.simulate.scenario import TEMPLATE_NAMES
from hydrometer.watch.simulate.templates import FOREIGN, TEMPLATES


def test_every_wording_has_its_slot_and_every_name_its_template():
    assert set(TEMPLATES) == set(TEMPLATE_NAMES)
    for forms in (*TEMPLATES.values(), *FOREIGN.values()):
        for form in forms:
            assert form.count("{task}") == 1
            assert len(set(forms)) == len(forms)
