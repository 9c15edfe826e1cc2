"""The pages as a person meets them: a real browser against the real stack."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

from tests.faults.house import House

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with one clean report, one with an error, and one that is no report and carries markup in its name."""
    with House(tmp_path_factory.mktemp("pages")) as house:
        house.register(["body1", "body2", "body3"])
        house.start()
        house.drop("body1", house.make(1))
        house.drop("body2", house.make(2, erroneous=True), erroneous=True)
        house.drop("body3", b"<script>alert(1)</script>" * 20, name="<img src=x onerror=alert(1)>.pdf")
        house.wait(house.settled, 90, "all three have come to their ends")
        yield house


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, house: House) -> Iterator[Page]:
    """A page logged in as an operator, on which any dialog, script error or blocked resource fails the test."""
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    trouble: list[str] = []
    page.on("dialog", lambda dialog: dismiss(dialog, trouble))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("console", lambda message: trouble.extend([message.text] * (message.type == "error")))
    token = house.run("tokens", "create", "--name", "e2e", "--role", "operator").stdout.strip()
    page.goto(f"http://127.0.0.1:{house.config.http_port}/")
    assert page.url.startswith(address(house, "/login"))
    page.locator("input[type=password]").fill(token)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"http://127.0.0.1:{house.config.http_port}/")
    yield page
    context.close()
    assert trouble == []


def dismiss(dialog: Dialog, trouble: list[str]) -> None:
    trouble.append(f"dialog: {dialog.message}")
    dialog.dismiss()


def address(house: House, path: str) -> str:
    return f"http://127.0.0.1:{house.config.http_port}{path}"


def test_the_list_shows_every_submission_with_its_state(page: Page) -> None:
    text = page.inner_text("body")
    for word in ("body1", "body2", "body3", "已入库", "未能受理"):
        assert word in text


def test_markup_in_a_file_name_stays_text(page: Page) -> None:
    assert "<img src=x onerror=alert(1)>" in page.inner_text("body")
    assert page.locator("img[src=x]").count() == 0


def test_a_report_with_an_error_names_cell_and_values(page: Page, house: House, tmp_path: Path) -> None:
    page.get_by_role("link").filter(has_text="report").first.wait_for()
    row = page.locator("tr", has_text="body2")
    row.get_by_role("link").first.click()
    text = page.inner_text("body")
    assert "T4-1" in text
    assert "表四" in text
    picture = page.screenshot(path=tmp_path / "submission.png")
    assert len(picture) > 10_000


def test_without_a_login_every_page_asks_for_one(browser: Browser, house: House) -> None:
    context = browser.new_context()
    page = context.new_page()
    for path in ("/", "/submissions/anything", "/mails/1"):
        page.goto(address(house, path))
        expect(page.locator("input[type=password]")).to_be_visible()
    context.close()


def test_a_document_is_checked_beforehand_and_nothing_of_it_is_kept(page: Page, house: House, tmp_path: Path) -> None:
    file = tmp_path / "自查.pdf"
    file.write_bytes(house.make(9, erroneous=True))
    page.get_by_role("link", name="报送前自查").click()
    assert "不保存文件，不保存结果" in page.inner_text("body")
    page.locator("input[name=file]").set_input_files(file)
    page.get_by_role("button", name="开始自查").click()
    expect(page.get_by_role("heading", name="自查结果")).to_be_visible(timeout=60_000)
    text = page.inner_text("body")
    assert "T4-1" in text
    assert "都没有保存" in text
    page.goto(address(house, "/"))
    assert "自查.pdf" not in page.inner_text("body")
