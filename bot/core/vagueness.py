"""What "staging is broken" lacks: words that tell where to look (QA-DevOps dialogue, "Communication guidelines")."""

from __future__ import annotations

import re

_PLACES = """
production prod staging stage preprod pre-production test testing qa uat dev development sandbox demo perf perf-test
integration canary
"""
KNOWN_PLACES = frozenset(_PLACES.split())
"""Names of environments that are understood without being configured."""

# They say that something is wrong, and nothing of what.
_EMPTY = """
a an the this that there it its i we you they my our is are was were be been being isn isnt arent aren wasnt wasn wont
has have had having hasnt hasn does doesnt doesn do dont don did didnt didn can cant cannot could couldnt couldn will
wouldnt t s m re not no nothing none something somehow everything anything everyone everybody nobody all some any always
totally completely fully entirely just only again still now today currently since really very so too and or but to on in
at for of with as up by down out off here please pls plz help hi hey hello asap urgent urgently quickly soon sorry
broken break breaks breaking broke bad wrong weird odd strange dead died dying gone lost unusable useless unavailable
offline work works working worked fail fails failed failing failure faulty fault error errors erroring issue issues
problem problems trouble bug bugs buggy crash crashes crashed crashing slow hang hangs hanging stuck unstable flaky mess
messed problematic happening happens goes went going got get gets seems seem looks look environment environments env
envs server servers site system systems app application service thing things stuff devops qa team guys
"""
_EMPTY_WORDS = frozenset(_EMPTY.split()) | {part for place in KNOWN_PLACES for part in place.split("-")}


def is_vague(text: str) -> bool:
    """True if a report says that something is wrong, and nothing of what."""
    words = re.findall(r"\w+", text.casefold().replace("’", "").replace("'", ""))
    return all(word in _EMPTY_WORDS for word in words)
