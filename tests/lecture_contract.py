"""What every lecture keeps to: functions from a notebook to what it breaks."""

import re
from itertools import pairwise
from pathlib import Path

HEADINGS = (
    "## Objectives",
    "## On classes never seen",
    "## Common mistakes",
    "## Check yourself",
    "## Break it",
    "## Summary",
    "## References",
    "## Next",
)
SYMBOLS = "| symbol | argument | meaning |"
ANSWER = re.compile(r"<details>\s*<summary>Answer</summary>(.*?)</details>", re.DOTALL)


def text(cell):
    return "".join(cell["source"])


def markdown(notebook):
    return [text(c) for c in notebook["cells"] if c["cell_type"] == "markdown"]


def shown(cell):
    """Does the cell print, draw or return something that the reader sees?"""
    return cell["cell_type"] == "code" and bool(cell["outputs"])


def bullets(section):
    return re.findall(r"^[-*] ", section, re.MULTILINE)


def sections(notebook):
    """Heading -> text up to the next heading of the same level, markdown only."""
    parts = re.split(r"^(## .*)$", "\n\n".join(markdown(notebook)), flags=re.MULTILINE)
    return {
        head.strip(): body for head, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def frame(notebook, number):
    """Title, promise, and the fixed headings in their order."""
    first = text(notebook["cells"][0])
    if not re.match(rf"# {number} \S.*\n+> \S", first):
        yield f"the first cell is not '# {number} Title' and '> promise'"
    found = [h for h in sections(notebook) if h in HEADINGS]
    if found != list(HEADINGS):
        yield f"headings are {found}, expected {list(HEADINGS)}"
    start = sections(notebook).get("## Objectives", "")
    for label in ("**Prerequisites.**", "**Time.**", "**Slides.**"):
        if label not in start:
            yield f"the objectives' section lacks {label}"


def size(notebook, number):
    """25-45 cells, 900-1800 words, code cells of at most 15 lines of 100 characters."""
    if not 25 <= len(notebook["cells"]) <= 45:
        yield f"{len(notebook['cells'])} cells, expected 25 to 45"
    words = sum(len(t.split()) for t in markdown(notebook))
    if not 900 <= words <= 1800:
        yield f"{words} words of text, expected 900 to 1800"
    for i, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        lines = text(cell).splitlines()
        if len(lines) > 15:
            yield f"cell {i} has more than 15 lines of code"
        if any(len(line) > 100 for line in lines):
            yield f"cell {i} has a line of code of more than 100 characters"


def order(notebook, number):
    """A picture before the first formula; the formula with a table of its symbols."""
    cells = notebook["cells"]
    pictures = [i for i, c in enumerate(cells) if "image/png" in str(c.get("outputs"))]
    formulas = [
        i
        for i, c in enumerate(cells)
        if c["cell_type"] == "markdown" and "$$" in text(c)
    ]
    if not formulas:
        yield "there is no formula ($$)"
    if not pictures or (formulas and pictures[0] > formulas[0]):
        yield "no picture stands before the first formula"
    if not any(SYMBOLS in t for t in markdown(notebook)):
        yield f"there is no table {SYMBOLS}"


def prediction(notebook, number):
    """Before each result a question, after it a paragraph that reads it."""
    cells = notebook["cells"]
    for i, cell in enumerate(cells):
        if not shown(cell):
            continue
        before = i - 1
        while cells[before]["cell_type"] == "code" and not shown(cells[before]):
            before -= 1
        if "**Predict.**" not in text(cells[before]):
            yield f"no **Predict.** before the result of cell {i}"
        if i + 1 == len(cells) or cells[i + 1]["cell_type"] != "markdown":
            yield f"no text reads the output of cell {i}"


def outputs(notebook, number):
    """Executed in order; no error, no warning; every image described."""
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    if [c["execution_count"] for c in code] != list(range(1, len(code) + 1)):
        yield "the code cells were not run once, in order, from a fresh kernel"
    for i, cell in enumerate(notebook["cells"]):
        for out in cell.get("outputs", []):
            if out["output_type"] == "error" or out.get("name") == "stderr":
                yield f"cell {i} has an error or a warning in its output"
            if "image/png" in out.get("data", {}):
                alt = out["metadata"].get("image/png", {}).get("alt", "")
                if len(alt.split()) < 8:
                    yield f"the figure of cell {i} has no text description (plots.show)"
    if any("assert" in text(c) for c in code) is False:
        yield "no cell asserts a method against a loop by hand"


def quiz(notebook, number):
    """3-5 questions, each with an explanation of every option."""
    body = sections(notebook).get("## Check yourself", "")
    questions = re.split(r"^\*\*Q\d+\.\*\*", body, flags=re.MULTILINE)[1:]
    if not 3 <= len(questions) <= 5:
        yield f"{len(questions)} check questions, expected 3 to 5"
    for q, question in enumerate(questions, start=1):
        answer = ANSWER.search(question)
        options = set(
            re.findall(r"^- ([A-F])\.", ANSWER.sub("", question), re.MULTILINE)
        )
        explained = re.findall(
            r"^- ([A-F])\. (Right|Wrong): \S", answer[1] if answer else "", re.MULTILINE
        )
        if len(options) < 2 or {letter for letter, _ in explained} != options:
            yield f"question {q}: options {options}, explained {explained}"
        if "Right" not in {verdict for _, verdict in explained}:
            yield f"question {q} has no right answer"
    if re.search(r"</details>\s+\*\*Q\d", body):
        yield "a question clings to the answer above it: write </details><br>"


def ending(notebook, number):
    """The summary mirrors the objectives; references are annotated; a next step."""
    part = sections(notebook)
    aims, points = (
        len(bullets(part.get(h, ""))) for h in ("## Objectives", "## Summary")
    )
    if not 3 <= aims <= 6 or aims != points:
        yield f"{aims} objectives (expected 3 to 6) and {points} points in the summary"
    references = re.findall(r"^- .*", part.get("## References", ""), re.MULTILINE)
    if not references or not all(re.search(r"\b(19|20)\d\d\b", r) for r in references):
        yield "a reference lacks its year, or there is none"
    if "slide" not in part.get("## References", "").lower():
        yield "no reference says which slide it serves"
    if f"../exercises/{number}_" not in part.get("## Next", ""):
        yield "the next step does not link to the exercise"


def links(notebook, number, folder):
    """Relative links lead to files that exist."""
    for target in re.findall(
        r"\]\((?!https?:|#)([^)#]+)", "\n".join(markdown(notebook))
    ):
        if not (folder / target).exists():
            yield f"the link to {target} leads nowhere"


RULES = (frame, size, order, prediction, outputs, quiz, ending)


def violations(notebook, *, number, folder: Path | None = None):
    """Everything that the lecture breaks, as sentences; [] for a lecture in form."""
    broken = [line for rule in RULES for line in rule(notebook, number)]
    if folder is not None:
        broken += links(notebook, number, folder)
    return broken


def imports(notebook):
    """The chapters and services of mlcourse that the notebook imports."""
    code = "\n".join(text(c) for c in notebook["cells"] if c["cell_type"] == "code")
    modules = set(
        re.findall(r"^\s*(?:from|import) mlcourse\.(\w+)", code, re.MULTILINE)
    )
    for names in re.findall(r"^\s*from mlcourse import (.+)$", code, re.MULTILINE):
        modules |= {name.split()[0].strip(",()") for name in names.split(",")}
    return modules


def in_order(numbers):
    """Are the file names' numbers strictly increasing?"""
    return all(a < b for a, b in pairwise(numbers))
