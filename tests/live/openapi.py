"""Judges OpenAPI documents, and values by their schemas: see README.md."""

import json
import sys

from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator


def faults(request):
    document = request["document"]
    yield from OpenAPIV31SpecValidator(document).iter_errors()
    if "schema" in request:
        # The document around the schema, so that references lead somewhere.
        schema = {**document, "$ref": "#" + request["schema"]}
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        yield from validator.iter_errors(request["value"])


for line in sys.stdin:
    found = [str(fault.message) for fault in faults(json.loads(line))]
    print(json.dumps({"faults": found}), flush=True)
