"""How near a file is to the one being edited: what lies near is likelier to be meant."""


def distance(path: str, here: str) -> int:
    """Steps from one file to another through the folder tree; 0 for the same file.

    Both are POSIX paths relative to one root; files in one folder are 1 apart.
    """
    if path == here:
        return 0
    one, other = path.split("/")[:-1], here.split("/")[:-1]
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    return 1 + len(one) + len(other) - 2 * shared
