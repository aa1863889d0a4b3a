"""What ROS 1's own serialisation (genpy) makes of our definitions, and of messages as we say them to a ROS 1 bridge.

Reads lines of JSON, and answers each with one:

{"definition": "pkg/Type", "text": as ROS 1 has it, "value": its fields}
    {"installed", "md5", "ours_md5", "bytes"}: the MD5 sum of the installed class and of a class made from our text, and the
    value as bytes (hex) by the installed class, or by the class of our text where there is no installed one or an older type.
{"message": "pkg/Type", "wire": the `msg` of a publish}, with "text" where the class is to be made of that
{"request": "pkg/Type", "wire": `args`}, {"response": "pkg/Type", "wire": `values`}: of a service
    {"read": what a node of ROS 1 has after it went through its bytes}, or {"error": why there are none}
{"service": "pkg/Type"}
    {"md5"}

As in rosbridge, a field that a message does not have is an error, and one that is left out has its default.
"""

import binascii
import io
import json
import sys

import genpy
import genpy.dynamic
import genpy.message


def installed(name):
    try:
        return genpy.message.get_message_class(name)
    except Exception:
        return None


def dynamic(name, text):
    return genpy.dynamic.generate_dynamic(name, text)[name]


def definition(asked):
    name = asked["definition"]
    ours = dynamic(name, asked["text"])
    theirs = installed(name)
    made = (theirs if theirs and theirs._md5sum == ours._md5sum else ours)()
    genpy.message.fill_message_args(made, [asked["value"]])
    buffer = io.BytesIO()
    made.serialize(buffer)
    return {
        "installed": theirs is not None,
        "md5": theirs._md5sum if theirs else "",
        "ours_md5": ours._md5sum,
        "bytes": binascii.hexlify(buffer.getvalue()).decode(),
    }


def plain(value):
    if isinstance(value, genpy.TVal):
        return {"secs": value.secs, "nsecs": value.nsecs}
    if isinstance(value, genpy.Message):
        return {name: plain(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, (list, tuple, bytes)):
        return [plain(one) for one in value]
    return value


def service(name):
    found = genpy.message.get_service_class(name)
    if found is None:
        raise ValueError("no service " + name)
    return found


def class_of(asked):
    if "text" in asked:
        return dynamic(asked["message"], asked["text"])
    if "request" in asked:
        return service(asked["request"])._request_class
    if "response" in asked:
        return service(asked["response"])._response_class
    found = installed(asked["message"])
    if found is None:
        raise ValueError("no message " + asked["message"])
    return found


def read(asked):
    try:
        of = class_of(asked)
        made = of()
        genpy.message.fill_message_args(made, [asked["wire"]])
        buffer = io.BytesIO()
        made.serialize(buffer)
        return {"read": plain(of().deserialize(buffer.getvalue()))}
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}


def main():
    for line in sys.stdin:
        asked = json.loads(line)
        if "definition" in asked:
            answer = definition(asked)
        elif "service" in asked:
            answer = {"md5": service(asked["service"])._md5sum}
        else:
            answer = read(asked)
        print(json.dumps(answer), flush=True)


main()
