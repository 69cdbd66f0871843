from hydrometer.watch.simulate.brief import Brief
from hydrometer.watch.simulate.prose import Library, Voice


def test_a_template_stays_and_its_content_changes(material, dice):
    voice = Voice(Library(material, dice), dice)
    for _ in range(40):
        brief = Brief(voice, dice)
        sent = [brief.messages(dice) for _ in range(10)]
        assert len({m[-1][1] for m in sent}) > 7
        assert {dict(m).get("system") for m in sent} == {brief.system}
        assert all(m[-1][1].startswith(brief.head) for m in sent)
        assert "{" not in (brief.system or "") + brief.head


def test_two_projects_have_two_templates(material, dice):
    library = Library(material, dice)
    heads = set()
    for _ in range(200):
        brief = Brief(Voice(library, dice), dice)
        heads.add((brief.system, brief.head))
    assert len(heads) > 195
