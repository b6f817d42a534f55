"""``sync --rewrite``: bills that stand are brought to the mapping as it is now, where nothing speaks against it."""

import json

import pytest
from project import Project


@pytest.fixture
def sent(project: Project) -> Project:
    """Four bills on one account, and a mapping that wants another now."""
    project.owe(10001, 10002, 10003, 10004)
    assert project.sync().counts == {"created": 4}
    edit(project, 'or "Affiliate payouts">', 'or "Commissions">')
    project.load("Account", {"Name": "Commissions", "AccountType": "Expense"})
    return project


def edit(project: Project, before: str, after: str) -> None:
    mapping = project.folder / "mappings/cake.yaml"
    text = mapping.read_text().partition("\nexamples:")[0] + "\n"
    assert before in text
    mapping.write_text(text.replace(before, after))


def accounts(project: Project) -> dict[str, str]:
    names = {each["Id"]: each["Name"] for each in project.held("Account")}
    return {
        bill["DocNumber"]: names[bill["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"]]
        for bill in project.held()
    }


def bill_of(project: Project, number: str) -> dict:
    (found,) = (each for each in project.held() if each["DocNumber"] == number)
    return found


def test_without_it_an_edited_mapping_touches_nothing_that_stands(sent: Project) -> None:
    assert sent.sync().counts == {"unchanged": 4}

    assert set(accounts(sent).values()) == {"Affiliate payouts"}


def test_the_chosen_bills_follow_and_the_others_stay(sent: Project) -> None:
    ran = sent.sync("--rewrite", "10002", "CAKE-10003")

    assert ran.counts == {"updated": 2}
    assert ran.of(10002)["action"] == "update"
    assert accounts(sent) == {
        "CAKE-10001": "Affiliate payouts",
        "CAKE-10002": "Commissions",
        "CAKE-10003": "Commissions",
        "CAKE-10004": "Affiliate payouts",
    }
    assert sent.run("why", "10002", "--json").json["invoices"][0]["mapping"]["read_from"] == "file"
    assert sent.sync("--rewrite", "10002").counts == {"unchanged": 1}
    assert sent.sync().counts == {"unchanged": 4}


def test_all_of_them_follow_in_a_batch_and_one_by_one(sent: Project) -> None:
    assert sent.sync("--rewrite").counts == {"updated": 4}

    assert set(accounts(sent).values()) == {"Commissions"}
    assert sent.numbers().total() == 4


def test_what_is_paid_edited_or_in_closed_books_stays_and_says_why(sent: Project) -> None:
    paid, edited, closed = (bill_of(sent, f"CAKE-{id_}") for id_ in (10001, 10002, 10003))
    sent.control("person", {"does": "pay", "bill": paid["Id"]})
    sent.control("person", {"does": "edit", "bill": edited["Id"], "changes": {"PrivateNote": "Ours"}})
    before = sent.held()

    ran = sent.sync("--rewrite", "10001", "10002")

    assert ran.counts == {"unchanged": 2}
    assert [(each["invoice"], each["code"], each["state"]) for each in ran.json["documents"]] == [
        ("10001", "not-rewritten", "sent"),
        ("10002", "not-rewritten", "sent"),
    ]
    assert ran.of(10001)["reason"].startswith("not rewritten: account; something was paid on it")
    assert "a person changed its memo" in ran.of(10002)["reason"]

    sent.control("preferences", {"book_close_date": closed["TxnDate"]})
    ran = sent.sync("--rewrite")
    assert ran.counts == {"unchanged": 4}
    assert "the books are closed" in ran.of(10003)["reason"]
    assert sent.held() == before
    assert sent.sync().counts == {"unchanged": 4}


def test_the_policy_about_changes_at_the_source_has_no_say(sent: Project) -> None:
    edit(sent, "invoice changed later:     update", "invoice changed later:     hold")

    assert sent.sync("--rewrite", "10001").counts == {"updated": 1}


def test_a_mapping_that_makes_no_bill_now_leaves_it(sent: Project) -> None:
    edit(sent, "amount above:              25,000.00", "amount above:              10.00")

    ran = sent.sync("--rewrite", "10001")

    assert ran.counts == {"unchanged": 1}
    assert "amount above: 10.00" in ran.of(10001)["reason"]


def test_a_lost_answer_is_settled_like_any_other_and_nothing_is_made_twice(sent: Project) -> None:
    sent.arm("commit-then-drop")

    assert sent.sync("--rewrite", "10001", code=6).counts == {"unknown": 1}
    assert sent.sync("--wait").counts == {"updated": 1, "unchanged": 3}

    assert accounts(sent)["CAKE-10001"] == "Commissions"
    assert sent.numbers().total() == 4


def test_it_is_shown_before_it_is_written(sent: Project) -> None:
    shown = sent.run("sync", "--rewrite", "10001", "--yes").out

    assert "updated, bill 1" in shown
    assert json.loads(json.dumps(accounts(sent)))["CAKE-10001"] == "Commissions"


def test_a_saved_plan_holds_no_rewriting(sent: Project) -> None:
    sent.run("plan", "-o", "saved.json")

    ran = sent.run("sync", "--plan", "saved.json", "--rewrite")

    assert ran.code == 2
    assert ran.said.startswith("error[options-contradict]")
