"""The platforms' own libraries for Python behind the protocol of README.md."""

import datetime
import json
import sys

from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator


def standard(request):
    time = datetime.datetime.fromtimestamp(request["time"], datetime.timezone.utc)
    signature = Webhook(request["secret"]).sign(request["id"], time, request["body"])
    return {
        "webhook-id": request["id"],
        "webhook-timestamp": str(request["time"]),
        "webhook-signature": signature,
    }


def slack(request):
    time = str(request["time"])
    verifier = SignatureVerifier(request["secret"])
    return {
        "x-slack-request-timestamp": time,
        "x-slack-signature": verifier.generate_signature(timestamp=time, body=request["body"]),
    }


def twilio(request):
    validator = RequestValidator(request["secret"])
    return {
        "x-twilio-signature": validator.compute_signature(request["url"], request["params"]),
        "content-type": "application/x-www-form-urlencoded",
    }


def verify(request):
    try:
        Webhook(request["secret"]).verify(request["body"], request["headers"])
    except Exception as error:
        return {"accepted": False, "error": f"{type(error).__name__}: {error}"}
    return {"accepted": True}


def main():
    signers = {"standard": standard, "slack": slack, "twilio": twilio}
    for line in sys.stdin:
        try:
            request = json.loads(line)
            if request["op"] == "verify":
                reply = verify(request)
            else:
                reply = {"headers": signers[request["scheme"]](request)}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
