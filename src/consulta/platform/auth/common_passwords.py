"""The passwords that are tried first, by family rather than by list: a word and its decorations."""

import itertools
import re

_LISTED = """
access account adidas admin administrator alexander amanda america andrea angel anthony apple
arsenal asdf asdfgh asdfghjkl ashley austin banana barcelona baseball basketball batman biteme
booking brandon business butterfly changeme charlie cheese chelsea chicken chocolate christian
client computer consulta consultation cookie corvette cowboys dallas daniel default diamond
doctor dolphin dragon elephant expert facebook falcon family ferrari flower football forever
freedom friend friends gandalf george ginger google guest hannah harley hello helloworld hockey
hospital hottie hunter iloveyou internet jennifer jessica jordan joshua killer letmein liverpool
london login lovely loveme maggie manager manchester master matrix matthew mercedes
merlin michael michelle microsoft monkey mother mustang naruto nicole ninja nothing orange
pa55word pass passphrase passw0rd password patient patrick pepper phoenix please
pokemon princess purple qazwsx qwer qwert qwerty qwertyuiop qwertz rainbow ranger robert root
samantha samsung scooter secret secure security server session shadow silver simple slipknot
snoopy soccer specialist spiderman starwars student summer sunshine superman superstar supreme
system teacher temp temporary test tester testing thomas thunder tigger tinkerbell trustno
tutor user vanessa victoria welcome whatever william winter yankees zaq12wsx zxcvbn zxcvbnm
spring autumn monday friday january december
"""
_WORDS = frozenset(_LISTED.split())
_RUNS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "q1w2e3r4t5y6u7i8o9p0",
)
_RUN_PIECE = 5
_LOOKALIKES = str.maketrans("@4$50!13", "aasso" + "iie")
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def is_common(password: str) -> bool:
    """Whether a casefolded password is an obvious word (perhaps with digits around it, lookalike
    characters, or said twice), a date or phone number, or a walk over the keyboard or alphabet.
    """
    if password.isdigit():
        return True
    spellings = {password, password.translate(_LOOKALIKES)}
    cores = {_EDGES.sub("", one) for one in spellings} | {
        _EDGES.sub("", password).translate(_LOOKALIKES)
    }
    return any(_is_obvious(one) for one in spellings | cores) or _is_walk(password)


def _is_obvious(text: str) -> bool:
    if text in _WORDS:
        return True
    half = text[: len(text) // 2]
    return half in _WORDS and text == half + half


def _is_walk(text: str) -> bool:
    """Whether nothing is left of `text` when pieces of well-known rows of keys are taken away."""
    rows = [row for run in _RUNS for row in (run, run[::-1])]
    position = 0
    while position < len(text):
        longest = max(_common_length(text, position, row) for row in rows)
        if longest < min(_RUN_PIECE, len(text) - position):
            return False
        position += longest
    return True


def _common_length(text: str, position: int, row: str) -> int:
    """How many characters from `position` on stand in `row` in this order."""
    best = 0
    for start in itertools.compress(range(len(row)), (key == text[position] for key in row)):
        length = 0
        for mine, theirs in zip(text[position:], row[start:], strict=False):
            if mine != theirs:
                break
            length += 1
        best = max(best, length)
    return best
