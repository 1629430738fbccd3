import cProfile, pstats
import pytest
from tests.guards import test_payloads as t, hostile
pytestmark = pytest.mark.django_db
def test_prof(tmp_path):
    pr=cProfile.Profile(); pr.enable()
    made=[]
    for name, harmless in (("evil", False), ("good", True)):
        say = hostile.Voice(hostile.MARKUP, harmless)
        made.append((hostile.make(tmp_path / name, say, slug=f"{name}-study"), say))
    try: t.test_R021_no_page_has_another_shape_because_of_what_was_written(made)
    finally:
        pr.disable(); pstats.Stats(pr).sort_stats("cumtime").print_stats(70)
