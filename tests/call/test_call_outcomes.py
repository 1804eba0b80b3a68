"""The document that tells how calls end, held against the code and the tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ari_app.call.outcome import leg_result
from ari_app.records.facts import LegResult, Outcome

DOCUMENT = (Path(__file__).parents[2] / "docs/outcomes.md").read_text("utf-8")
ROWS = {
    title: re.findall(r"^\| ([^|]+?) \|([^|]*)\|", table, re.MULTILINE)
    for title, table in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
}
"""Title → the first two cells of each row of its table."""

WAYS = {
    # What the document says that ends a call: the tests of it.
    "the caller hangs up before the line has answered": (
        "a_caller_who_hangs_up_before_the_answer_rings_nobody"
    ),
    "the caller hangs up during the greeting": "a_caller_who_hangs_up_during_the_greeting_rings_nobody",
    "the caller hangs up in a menu": "a_caller_who_hangs_up_in_the_menu_rings_nobody",
    "the caller hangs up while telephones ring": (
        "an_agents_phone_stops_ringing_when_the_caller_hangs_up",
        "every_phone_of_a_step_stops_ringing_when_the_caller_hangs_up",
        "callers_may_hang_up_whatever_they_hear",
    ),
    "the caller hangs up while an agent hears why they are called": (
        "an_agent_who_listens_learns_that_the_caller_has_hung_up"
    ),
    "the caller hangs up as an agent picks up": (
        "an_agents_phone_is_free_when_the_caller_hangs_up_as_it_is_answered"
    ),
    "the caller hangs up as an agent takes the call": (
        "a_call_is_talked_or_abandoned_when_the_caller_hangs_up_as_the_agent_accepts"
    ),
    "the caller hangs up in the talk": "an_agent_is_hung_up_when_the_caller_ends_the_talk",
    "the caller hangs up while a colleague is rung for their agent": (
        "a_caller_who_hangs_up_while_a_colleague_is_looked_for_has_talked"
    ),
    "the caller hangs up while an agent asks a colleague": (
        "a_caller_who_hangs_up_while_two_agents_are_there_frees_both"
    ),
    "the caller hangs up while several agents talk with them": (
        "a_caller_who_hangs_up_while_two_agents_are_there_frees_both",
        "a_colleague_who_was_asked_is_brought_in",
    ),
    "the caller hangs up while leaving a message": "who_hangs_up_leaves_what_they_have_said",
    "the caller hangs up during the last words": (
        "who_hangs_up_during_the_last_words_has_been_told_how_it_ended"
    ),
    "no sound comes from the caller for a minute, while they wait": (
        "a_caller_whose_network_dies_while_they_wait_keeps_no_telephone_ringing"
    ),
    "no sound comes from the caller for a minute, in the talk": (
        "a_caller_whose_network_dies_in_the_talk_leaves_the_agent_free"
    ),
    "no sound comes from the agent for a minute": "an_agent_whose_network_died_does_not_keep_the_line",
    "the caller hangs up while they are asked how it was": ("who_hangs_up_while_they_are_asked_has_talked"),
    "the agent hangs up": (
        "each_reason_reaches_its_own_teams_agent",
        "a_score_is_on_record_and_in_the_terminal",
    ),
    "the agent hands the caller over, and the colleague hangs up": (
        "a_call_is_handed_over_to_a_colleague",
        "who_handed_a_call_over_that_nobody_took_gets_it_back",
        "the_search_goes_on_when_neither_colleague_nor_agent_takes_a_call_that_was_handed_over",
    ),
    "the agent hands the caller over, and nobody takes the call": (
        "a_caller_whom_nobody_takes_over_hears_so"
    ),
    "the agent hangs up before the colleague whom they asked has answered": (
        "a_colleague_for_whom_the_agent_does_not_wait_gets_the_caller"
    ),
    "the agent hangs up in the instant in which they took the call": (
        "a_caller_still_reaches_somebody_when_an_agent_hangs_up_right_after_accepting"
    ),
    "nobody takes the call": "a_caller_hears_goodbye_and_why_when_nobody_answers",
    "nobody is on call": "a_caller_hears_that_nobody_is_on_call",
    "the flow has said all that it has to say": "a_flow_may_end_a_call_by_itself",
    "the caller has left a message": "a_message_is_heard_back_sent_and_kept_as_it_was_said",
    "the caller asks to be called back": "an_agent_then_the_caller_are_rung_and_the_two_talk",
    "the line calls back, and no agent takes it": (
        "who_was_tried_as_often_as_was_said_is_given_up_and_people_are_told"
    ),
    "the caller is called back, and does not pick up": (
        "a_caller_who_is_not_reached_is_on_record_with_why",
        "a_caller_who_does_not_pick_up_when_they_are_called_back_is_called_again",
    ),
    "the caller is called back, and a voicemail box picks up": ("a_voicemail_box_that_picks_up_is_nobody"),
    "the caller is called back, and says that there is no need any more": (
        "who_says_that_there_is_no_need_any_more_is_not_called_again"
    ),
    "the caller is called back, and hangs up as they take the call": (
        "a_caller_who_hangs_up_as_they_take_the_call_frees_the_agent"
    ),
    "a call back is cancelled while telephones ring": "who_is_cancelled_while_telephones_ring_stops_them",
    "the caller calls again while telephones ring to call them back": (
        "who_calls_again_and_talks_is_not_called_back",
        "who_calls_again_and_talks_with_nobody_is_called_back_after_that",
    ),
    "the caller is called back, and the agent is gone by then": (
        "an_agent_who_is_gone_when_the_caller_wants_to_talk_leaves_them_to_the_next",
        "who_picked_up_and_finds_nobody_hears_that_they_will_be_called_again",
        "an_agent_who_hangs_up_while_the_caller_is_rung_stops_their_telephone",
    ),
    "the line has as many calls as it may": "one_caller_too_many_hears_that_all_lines_are_busy",
    "the line has far too many calls": ("callers_beyond_those_who_hear_why_are_refused_by_signalling"),
    "the number is blocked": (
        "a_blocked_caller_is_refused_without_being_answered",
        "a_blocked_caller_may_be_told_so",
    ),
    "the number is withheld, and must not be": ("a_caller_without_a_number_hears_why_they_are_not_let_in"),
    "the number calls too often": "who_calls_too_often_hears_so_and_a_vip_never_does",
    "the line stops while the caller is in a menu": (
        "a_caller_in_the_menu_when_the_line_stops_is_put_through_by_the_dialplan"
    ),
    "the line stops while telephones ring": (
        "a_caller_for_whom_a_phone_rings_when_the_line_stops_is_put_through_by_the_dialplan"
    ),
    "the line stops while an agent asks a colleague": (
        "a_caller_on_hold_when_the_line_stops_is_put_through_by_the_dialplan"
    ),
    "the line stops while people talk": (
        "people_who_talk_when_the_line_stops_talk_on_and_the_next_one_ends_their_record"
    ),
    "the line has stopped taking calls": (
        "a_line_that_drains_lets_calls_end_and_gives_new_callers_to_the_dialplan"
    ),
    "the line has a defect": "a_defect_of_the_line_leads_its_caller_to_the_dialplan",
    "the call has lasted for `max_call_seconds`": "a_call_that_lasts_for_too_long_is_ended_by_asterisk",
    "Asterisk is stopped or restarted": (
        "who_talks_or_waits_when_asterisk_is_restarted_has_a_record_to_that_instant"
    ),
    "Asterisk is killed": "calls_end_on_record_when_asterisk_dies_and_the_next_one_is_served",
    "the caller hangs up while the connection to Asterisk is cut": (
        "a_caller_who_hangs_up_while_the_connection_is_cut_is_not_said_to_have_given_up",
        "what_ended_while_the_connection_was_cut_ended_when_asterisk_says",
    ),
    "the talk ends while the connection to Asterisk is cut": (
        "a_talk_that_ends_while_the_connection_is_cut_ends_on_record_when_it_is_back",
        "what_ended_while_the_connection_was_cut_ended_when_asterisk_says",
    ),
}
DEATHS = {
    # Where the document says that a caller was when the line died: the tests of it.
    "talking": (
        "people_who_talk_when_the_line_is_killed_talk_on_and_their_record_ends_complete",
        "a_talk_of_which_nothing_was_written_goes_on_and_is_recorded",
        "who_took_the_call_in_the_instant_in_which_the_line_was_killed_talks_with_the_caller",
    ),
    "in the menu, hearing words": (
        "whoever_had_not_talked_when_the_line_was_killed_reaches_an_agent_when_it_is_back",
        "who_was_in_a_menu_is_served_while_the_records_cannot_be_read",
    ),
    "waiting for an agent": (
        "each_caller_reaches_an_agent_whatever_went_on_when_the_line_was_killed",
        "whoever_had_not_talked_when_the_line_was_killed_reaches_an_agent_when_it_is_back",
        "callers_do_not_wait_for_records_that_cannot_be_read",
    ),
    "in a talk that is [recorded](recordings.md)": (
        "a_talk_is_recorded_to_its_end_when_the_line_is_killed_and_started_again",
        "what_was_paused_stays_so_when_the_line_is_killed",
        "a_talk_that_ends_while_the_line_is_dead_is_fetched_at_its_next_start",
        "what_was_to_be_deleted_while_the_line_was_dead_is_at_its_next_start",
    ),
    "talking with several agents": (
        "three_who_talk_when_the_line_is_killed_talk_on_until_the_last_agent_goes"
    ),
    "on hold, while an agent asks a colleague": (
        "a_caller_on_hold_when_the_line_is_killed_reaches_an_agent_when_it_is_back"
    ),
    "in a talk that ends before the next start": (
        "who_is_alone_after_a_talk_that_ended_while_the_line_was_dead_is_hung_up",
        "what_ended_while_the_line_was_dead_ended_when_asterisk_says",
        "an_end_that_nobody_noted_has_no_durations",
    ),
    "leaving a message": "what_is_said_while_the_line_is_dead_is_kept_at_its_next_start",
    "gone by the next start": "what_ended_while_the_line_was_dead_ended_when_asterisk_says",
    "waiting to be called back": (
        "who_was_to_be_called_back_when_the_line_went_is_called_when_it_is_back",
        "a_wish_that_is_out_of_date_after_a_long_stop_is_given_up",
    ),
    "being called back: telephones ring": (
        "who_was_to_be_called_back_when_the_line_went_is_called_when_it_is_back"
    ),
    "asked how it was, after the talk": (
        "who_is_asked_how_it_was_when_the_line_is_killed_has_talked",
        "what_a_caller_said_of_the_call_before_the_line_was_killed_is_on_record",
    ),
    "not there yet": (
        "while_the_line_is_away_asterisk_puts_callers_through_to_who_is_on_call",
        "while_the_line_is_away_and_nobody_is_on_call_callers_hear_an_apology",
    ),
}

HARMLESS = {
    # What the document says that ends no call: the tests of it.
    "a telephone is busy, refuses, or is not there (SIP 486, 603, 403, 480, 404, 503)": (
        "who_refuses_is_followed_by_the_next_at_once"
    ),
    "a telephone rings without end": "a_phone_that_rings_for_ever_stops_when_its_time_is_over",
    "an agent picks up and hangs up at once": (
        "an_agent_who_picks_up_and_hangs_up_at_once_is_followed_by_the_next"
    ),
    "a voicemail box picks up": "a_voicemail_box_does_not_get_the_call",
    "a telephone sends the call elsewhere (SIP 302)": "a_phone_that_sends_the_call_elsewhere_is_not_obeyed",
    "a telephone transfers the call (REFER)": "a_call_that_a_phone_transfers_stays_where_it_is",
    "a telephone plays something before it is picked up (early media)": (
        "what_a_phone_says_before_it_is_picked_up_is_not_heard"
    ),
    "a caller holds the line in a menu, or while telephones ring (re-INVITE)": (
        "a_caller_who_puts_the_menu_on_hold_goes_on_where_they_were",
        "a_caller_on_hold_is_put_through_and_talks_when_they_are_back",
    ),
    "an agent holds the line": "a_talk_goes_on_after_the_agent_put_the_caller_on_hold",
    "a caller's sound comes from elsewhere (re-INVITE)": (
        "a_caller_whose_sound_moves_in_the_talk_is_still_heard"
    ),
    "keys come as sound with names (RFC 4733) or in the signalling (SIP INFO)": (
        "keys_count_whether_they_come_as_sound_or_in_the_signalling",
        "every_key_of_a_telephone_is_taken_for_what_it_is",
    ),
    "a key is held for long, or for an instant, or its end is lost": (
        "a_key_held_for_long_is_one_key",
        "a_key_counts_however_short_it_was_and_if_its_end_was_lost",
    ),
    "a key is pressed twice, or before anything was said": (
        "a_key_pressed_twice_or_too_early_takes_a_call_once",
        "keys_pressed_before_the_line_has_said_a_word_are_not_lost",
    ),
    "a caller's number or name is missing, withheld, endless, or anything but text": (
        "what_a_caller_says_of_themselves_is_kept_as_text_and_changes_nothing",
        "a_withheld_number_is_neither_shown_nor_said",
    ),
    "a caller objects to being [recorded](recordings.md)": (
        "a_caller_who_objects_is_served_and_not_recorded",
        "a_caller_objects_to_a_recording_on_demand",
    ),
    "a talk cannot be recorded, or its recording not stored": (
        "when_asterisk_cannot_record_the_talk_goes_on",
        "without_space_the_talk_goes_on_and_the_recording_is_fetched_when_there_is_some",
    ),
    "the connection to Asterisk is cut for a moment": (
        "a_cut_of_the_connection_is_not_noticed_by_people_who_talk"
    ),
}


def names_in(title: str) -> set[str]:
    """Return the names that a table of the document explains."""
    return {cell.strip("`") for cell, _ in ROWS[title] if cell.startswith("`")}


def ways_in(title: str) -> set[str]:
    """Return the first cells of a table, without its head."""
    return {cell for cell, _ in ROWS[title][1:] if not cell.startswith("-")}


def names_of_tests() -> set[str]:
    """Return the names of all tests of calls."""
    trees = [ast.parse(path.read_text("utf-8")) for path in Path(__file__).parent.glob("test_*.py")]
    return {each.name for tree in trees for each in tree.body if isinstance(each, ast.AsyncFunctionDef)}


def test_every_outcome_is_explained() -> None:
    assert names_in("Outcomes of calls") == set(Outcome)


def test_every_result_of_an_attempt_is_explained() -> None:
    assert names_in("Results of attempts") == set(LegResult)


def test_every_outcome_is_one_of_a_way_to_end() -> None:
    told = {
        name for _, outcome in ROWS["Every way a call can end"] for name in re.findall("`([a-z-]+)`", outcome)
    }
    assert told == set(Outcome)


def test_every_way_to_end_has_a_test() -> None:
    assert WAYS.keys() == ways_in("Every way a call can end")
    assert HARMLESS.keys() == ways_in("What ends no call")
    assert DEATHS.keys() == ways_in("When the line dies")
    named = [
        name
        for tests in (*WAYS.values(), *HARMLESS.values(), *DEATHS.values())
        for name in ([tests] if isinstance(tests, str) else tests)
    ]
    assert {f"test_{name}" for name in named} <= names_of_tests()


def test_every_sip_status_leads_to_the_result_that_is_written() -> None:
    for result in ("busy", "declined", "unreachable"):
        row = re.search(rf"^\| `{result}` \| SIP ([0-9, or]+)", DOCUMENT, re.MULTILINE)
        assert row is not None
        for status in re.findall(r"\d{3}", row[1]):
            assert leg_result("", None, int(status)) == result


@pytest.mark.parametrize(
    ("dialstatus", "cause", "sip_code", "result"),
    [
        ("", 16, 200, LegResult.NOT_ACCEPTED),  # picked up, and was gone before we heard of it
        (None, 16, None, LegResult.NOT_ACCEPTED),
        ("CANCEL", 16, None, LegResult.NO_ANSWER),
        ("", 16, 603, LegResult.DECLINED),
        ("", 38, None, LegResult.FAILED),
    ],
)
def test_an_attempt_that_asterisk_told_little_of(
    dialstatus: str | None, cause: int, sip_code: int | None, result: LegResult
) -> None:
    assert leg_result(dialstatus, cause, sip_code) == result
