"""What ROS 1's own serialisation (genpy) makes of our message definitions and values.

Reads lines of JSON, {"type": "pkg/Type", "text": its definition as ROS 1 has it, "value": its fields}; answers each with
{"type", "installed", "md5", "ours_md5", "bytes"}: the MD5 sum of the installed class and of a class made from our text,
and the value as bytes (hex) by the installed class, or by the class of our text where Debian has no such package
or an older type.
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


def main():
    for line in sys.stdin:
        asked = json.loads(line)
        ours = genpy.dynamic.generate_dynamic(asked["type"], asked["text"])[asked["type"]]
        theirs = installed(asked["type"])
        made = (theirs if theirs and theirs._md5sum == ours._md5sum else ours)()
        genpy.message.fill_message_args(made, [asked["value"]])
        buffer = io.BytesIO()
        made.serialize(buffer)
        answer = {
            "type": asked["type"],
            "installed": theirs is not None,
            "md5": theirs._md5sum if theirs else "",
            "ours_md5": ours._md5sum,
            "bytes": binascii.hexlify(buffer.getvalue()).decode(),
        }
        print(json.dumps(answer), flush=True)


main()
