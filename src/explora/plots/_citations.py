"""What to cite: BibTeX for the papers behind the recipes."""

import re

_PAPERS = {
    "1703.06907": (
        "Josh Tobin and Rachel Fong and Alex Ray and Jonas Schneider and Wojciech Zaremba and Pieter Abbeel",
        "Domain Randomization for Transferring Deep Neural Networks from Simulation to the Real World",
        2017,
    ),
    "1707.00183": (
        "Tambet Matiisen and Avital Oliver and Taco Cohen and John Schulman",
        "Teacher-Student Curriculum Learning",
        2017,
    ),
    "1910.07224": (
        "R{\\'e}my Portelas and C{\\'e}dric Colas and Katja Hofmann and Pierre-Yves Oudeyer",
        "Teacher Algorithms for Curriculum Learning of Deep {RL} in Continuously Parameterized Environments",
        2019,
    ),
    "2004.11812": (
        "Pascal Klink and Carlo D'Eramo and Jan Peters and Joni Pajarinen",
        "Self-Paced Deep Reinforcement Learning",
        2020,
    ),
    "2010.03934": (
        'Minqi Jiang and Edward Grefenstette and Tim Rockt{\\"a}schel',
        "Prioritized Level Replay",
        2021,
    ),
    "2012.02096": (
        "Michael Dennis and Natasha Jaques and Eugene Vinitsky and Alexandre Bayen and Stuart Russell and "
        "Andrew Critch and Sergey Levine",
        "Emergent Complexity and Zero-shot Transfer via Unsupervised Environment Design",
        2020,
    ),
    "2110.02439": (
        "Minqi Jiang and Michael Dennis and Jack Parker-Holder and Jakob Foerster and Edward Grefenstette and "
        'Tim Rockt{\\"a}schel',
        "Replay-Guided Adversarial Environment Design",
        2021,
    ),
    "2203.01302": (
        "Jack Parker-Holder and Minqi Jiang and Michael Dennis and Mikayel Samvelyan and Jakob Foerster and "
        'Edward Grefenstette and Tim Rockt{\\"a}schel',
        "Evolving Curricula with Regret-Based Environment Design",
        2022,
    ),
    "2306.01711": (
        "Jenny Zhang and Joel Lehman and Kenneth Stanley and Jeff Clune",
        "{OMNI}: Open-endedness via Models of human Notions of Interestingness",
        2023,
    ),
    "2311.12716": (
        'Minqi Jiang and Michael Dennis and Edward Grefenstette and Tim Rockt{\\"a}schel',
        "minimax: Efficient Baselines for Autocurricula in {JAX}",
        2023,
    ),
    "2408.15099": (
        "Alexander Rutherford and Michael Beukman and Timon Willi and Bruno Lacerda and Nick Hawes and Jakob Foerster",
        "No Regrets: Investigating and Improving Regret Approximations for Curriculum Discovery",
        2024,
    ),
}


def bibtex(paper: str, version: str) -> str:
    """BibTeX of every arXiv number that a recipe's reference names, and of explora.

    **Arguments:**

    - `paper`: such as "Jiang et al. 2021, arXiv:2010.03934"; may be empty.
    - `version`: of explora.
    """
    entries = [_entry(number, paper) for number in re.findall(r"arXiv:(\d{4}\.\d{4,5})", paper)]
    software = [
        "@software{explora,",
        "  title   = {explora: software that searches for its own training data},",
        f"  version = {{{version}}}",
        "}",
    ]
    return "\n\n".join([*entries, "\n".join(software)])


def _entry(number: str, paper: str) -> str:
    authors, title, year = _PAPERS.get(number) or _guessed(paper)
    family = re.sub("[^a-z]", "", authors.split(" and ")[0].split()[-1].lower())
    return "\n".join(
        [
            f"@misc{{{family}{year},",
            f"  title         = {{{title}}},",
            f"  author        = {{{authors}}},",
            f"  year          = {{{year}}},",
            f"  eprint        = {{{number}}},",
            "  archivePrefix = {arXiv}",
            "}",
        ]
    )


def _guessed(paper: str) -> tuple[str, str, int | str]:
    """Authors, title and year of a paper that is not listed here, as far as its reference tells."""
    found = re.match(r"\s*(\w[\w'-]*).*?(\d{4})", paper)
    return (f"{found[1]} and others", paper, found[2]) if found else ("unknown", paper, "")
