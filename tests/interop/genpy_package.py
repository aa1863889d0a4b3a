"""Makes a Python package of reflexarc_msgs from its .msg files, as catkin would: with ROS 1's own generator.

    python3 genpy_package.py MSG_FOLDER OUT PACKAGE=FOLDER ...

The last arguments say where the .msg files of the packages are that ours are made of.
"""

import os
import sys

import genpy.generator
from genpy.generate_initpy import write_modules


def main(folder, out, *others):
    search = dict(other.split("=") for other in others)
    search = {name: [path] for name, path in search.items()}
    search["reflexarc_msgs"] = [folder]
    target = os.path.join(out, "reflexarc_msgs", "msg")
    os.makedirs(target)
    files = sorted(os.path.join(folder, name) for name in os.listdir(folder))
    failed = genpy.generator.MsgGenerator().generate_messages("reflexarc_msgs", files, target, search)
    write_modules(target)
    open(os.path.join(out, "reflexarc_msgs", "__init__.py"), "w").close()
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
