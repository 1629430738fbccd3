import pytest,re
from tests.guards import german,catalogue
from tests.guards.test_languages import spoken,pattern_of
@pytest.mark.django_db
def test_dump(tmp_path):
    allw=[]
    out=open("/tmp/h8/dump.txt","w")
    for walk in german.WALKS:
        for what,a in walk(tmp_path).answers:
            w=spoken(a); allw+=w
            out.write(f"\n### {walk.__name__} {what} -> {a.headers.get('Location','')} {a.headers.get('Content-Language')}\n"+" | ".join(w)+"\n")
    po=catalogue.read(catalogue.CATALOGUES[0])
    unseen=[]
    whole="\n".join(allw)
    for e in po.values():
        if e.text.one and not any(pattern_of(s).search(whole) for s in e.said): unseen.append(e.text.one)
    out.write(f"\nUNSEEN {len(unseen)} of {len(po)}\n"+"\n".join(unseen))
