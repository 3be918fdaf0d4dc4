"""check_pdf.py FILE...: what two independent readers say of the tags of a PDF. Prints every finding; exits 1 if there is one.

outloud walks the tag tree as a reader that speaks does and warns of what sounds wrong; pdfua checks the part of PDF/UA-1 that
it knows. Neither is a full validator: no findings is no proof of conformance. Needs: pip install outloud pdfua
"""
import sys

import outloud
import pdfua


def findings(name):
    heard = outloud.check(name)
    if heard.error:
        yield f"outloud cannot read it: {heard.error}"
    for run in heard.runs:
        if run.status == "crashed":
            yield f"outloud {run.rule} gave up: {run.reason}"
    for found in heard.findings:
        yield f"outloud {found.rule} {found.severity}, page {found.page}: {found.message} {found.evidence or ''}"
    for found in pdfua.validate(name).findings:
        yield f"pdfua {found.rule_id} {found.severity.name.lower()}, {found.location.describe()}: {found.message}"


def main(files):
    bad = 0
    for name in files:
        found = list(findings(name))
        bad += len(found)
        print(f"{name}: {len(found) or 'no'} findings")
        for one in found:
            print("   ", one)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if len(sys.argv) > 1 else __doc__)
