"""check_fhir.py FILE...: what two independent validators say of FHIR R4 bundles. Prints every finding; exits 1 if there is one.

fhirkit-rs reads R4 and reports every problem with its path; fhir.resources (R4B, the nearest it has) checks the types that
R4 and R4B share. Needs: pip install fhirkit-rs fhir.resources
"""
import importlib
import json
import sys

import fhirkit

# Types that R4B left as R4 has them: the others differ and are fhirkit's alone to judge.
SHARED = [
    "AllergyIntolerance", "Composition", "Condition", "Consent", "Coverage", "DiagnosticReport", "Encounter", "FamilyMemberHistory",
    "Goal", "Immunization", "MedicationRequest", "MedicationStatement", "Observation", "Organization", "Patient", "Practitioner",
    "Procedure", "RelatedPerson",
]


def second(resource):
    kind = resource["resourceType"]
    if kind not in SHARED:
        return []
    model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    try:
        model.model_validate_json(json.dumps(resource))
    except Exception as error:  # noqa: BLE001: whatever it finds is a finding
        return [f"{kind}: {str(error)[:400]}"]
    return []


def main(files):
    bad = 0
    for name in files:
        with open(name, "rb") as file:
            text = file.read()
        findings = [str(issue) for issue in fhirkit.validate(text)]
        for entry in json.loads(text)["entry"]:
            findings += second(entry["resource"])
        bad += len(findings)
        print(f"{name}: {len(findings) or 'no'} findings")
        for finding in findings:
            print("   ", finding)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if len(sys.argv) > 1 else __doc__)
