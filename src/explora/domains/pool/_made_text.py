"""Requests to a shop, written by a small grammar: who must answer them follows from what the customer wants."""

from collections.abc import Sequence

import numpy as np

_DESKS = ("delivery", "billing", "returns", "account", "advice", "press")
_SHARES = np.array([0.34, 0.25, 0.18, 0.12, 0.07, 0.04])

# Each desk's wishes, the most frequent wording first: the k-th is 1 / (k + 1) as frequent as the first.
_WISHES = {
    "delivery": (
        "where is my {thing}",
        "my {thing} has not arrived",
        "the courier left the {thing} at the wrong door",
        "can you send the {thing} to another address",
        "the tracking of my {thing} shows nothing",
        "the parcel with the {thing} is stuck in customs",
        "nobody rang when the {thing} came",
        "please leave the {thing} with my neighbour",
    ),
    "billing": (
        "you charged me twice for the {thing}",
        "the invoice for the {thing} is wrong",
        "i want to pay for the {thing} by transfer",
        "my card was refused when i bought the {thing}",
        "the voucher did not lower the price of the {thing}",
        "i need a receipt for the {thing} with my tax number",
        "a reminder came although the {thing} is paid",
        "may i pay for the {thing} in instalments",
    ),
    "returns": (
        "the {thing} is broken",
        "i want to send the {thing} back",
        "the {thing} does not fit",
        "the {thing} has a scratch",
        "you sent a blue {thing} instead of a green one",
        "a screw of the {thing} is missing",
        "the {thing} smells of smoke",
        "is the {thing} still under guarantee",
    ),
    "account": (
        "i forgot my password",
        "i cannot log in any more",
        "please delete my data",
        "change the mail address of my profile",
        "somebody else uses my name with you",
        "stop sending me the newsletter",
        "my list of favourites is gone",
    ),
    "advice": (
        "which {thing} do you recommend",
        "is the {thing} good for children",
        "how do i clean the {thing}",
        "does the {thing} work without a battery",
        "how loud is the {thing}",
        "what is the {thing} made of",
    ),
    "press": (
        "i write about the {thing} for a magazine",
        "may we print your picture of the {thing}",
        "who speaks for your company on the radio",
        "we film a programme about shops like yours",
        "my school class wants to visit you",
    ),
}
_THINGS = (
    "lamp chair kettle bicycle jacket phone tent clock carpet guitar camera toaster helmet sofa printer scarf drill "
    "mirror saddle globe pram ladder compass telescope flute"
).split()
_OPENINGS = (
    "hello", "good morning", "dear all", "hi there", "to whom it may concern", "good evening", "hey", "excuse me",
)  # fmt: skip
_CLOSINGS = (
    "thanks",
    "please answer soon",
    "kind regards",
    "this is urgent",
    "yours",
    "have a nice day",
    "i am waiting",
)
_ASIDES = (
    "the {thing} of last year was fine but",
    "my sister likes her {thing} and",
    "i paid on monday and",
    "i have bought from you for years and",
    "your shop window is lovely but",
    "i have your letter before me and",
)


def requests(rng: np.random.Generator, count: int) -> tuple[list[str], list[str]]:
    """Requests that all differ, and the desk that must answer each.

    The desk follows from the wish alone: the rest of a sentence (opening, aside, thing, closing) says nothing. A model
    knows a wish once it has seen it with a label, and the rare wishes are found late by chance.

    **Arguments:**

    - `rng`: what chance there is.
    - `count`: how many.
    """
    texts: dict[str, str] = {}
    while len(texts) < count:
        desk = _DESKS[rng.choice(len(_DESKS), p=_SHARES)]
        wishes = _WISHES[desk]
        weight = 1 / np.arange(1, len(wishes) + 1)
        wish = wishes[rng.choice(len(wishes), p=weight / weight.sum())]
        parts = [wish.format(thing=_pick(rng, _THINGS))]
        if rng.random() < 0.4:
            parts.insert(0, _pick(rng, _ASIDES).format(thing=_pick(rng, _THINGS)))
        text = " ".join([_pick(rng, _OPENINGS), *parts, _pick(rng, _CLOSINGS)])
        texts.setdefault(text, desk)
    return list(texts), list(texts.values())


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]
