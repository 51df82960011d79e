"""A storyboard as one archive, of an analysis and of a batch, with whatever pictures there are."""

import csv
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.gateway.told import listen
from tests.stack import Stack

STORY = (
    "灯塔的灯在午夜熄灭。玛拉举着蜡烛上楼。\n塔顶有一件湿外套，和一封她自己笔迹的信。\n她读了两遍，吹灭蜡烛，等船来。"
)
TASKS = "/api/stream/tasks"


@dataclass(frozen=True, slots=True)
class Archive:
    """What is in it."""

    pictures: dict[str, bytes]
    frames: list[dict[str, Any]]
    rows: list[list[str]]


def unpacked(answer: httpx.Response) -> Archive:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        pictures = {name: archive.read(name) for name in archive.namelist() if name.startswith("frames/")}
        sheet = archive.read("storyboard.csv")
        assert sheet.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(sheet.decode("utf-8-sig"))))
        return Archive(pictures, json.loads(archive.read("storyboard.json"))["frames"], rows[1:])


def analysis(client: httpx.Client) -> tuple[str, list[dict[str, Any]]]:
    """The id of a storyboard's task, and its frames."""
    given = {"script": STORY, "sceneCount": 2}
    with client.stream("POST", "/api/intelligent-analyze-script?stream=true", json=given) as stream:
        events = list(listen(stream))
        task_id = stream.headers["location"].split("/")[-2]
    return task_id, events[-1].data["data"]["storyboard_frames"]


def batch(client: httpx.Client, frames: list[dict[str, Any]]) -> tuple[str, dict[int, str]]:
    """The id of a batch's task, and the pictures' ids by frame."""
    with client.stream("POST", "/api/generate-all-images?stream=true", json={"frames": frames}) as stream:
        events = [event.data for event in listen(stream)]
        task_id = stream.headers["location"].split("/")[-2]
    return task_id, {event["sequence"]: event["taskId"] for event in events if event["type"] == "frame_complete"}


def drawn(client: httpx.Client, prompt: str) -> str:
    answer = client.post("/api/images", json={"prompt": prompt}, headers={"Prefer": "wait=30"}).json()
    assert answer["status"] == "succeeded"
    return str(answer["id"])


def test_a_storyboard_without_pictures_is_its_texts(gateway: httpx.Client) -> None:
    task_id, frames = analysis(gateway)
    archive = unpacked(gateway.get(f"{TASKS}/{task_id}/storyboard.zip"))
    assert archive.pictures == {}
    assert [frame["picture"] for frame in archive.frames] == [None] * 3
    assert [frame["prompt"] for frame in archive.frames] == [frame["jimengPrompt"] for frame in frames]
    assert [row[0] for row in archive.rows] == ["1", "2", "3"]
    assert [row[3] for row in archive.rows] == [frame["chineseDescription"] for frame in frames]


def test_pictures_are_named_by_their_frame_and_carry_the_prompt_they_were_drawn_from(gateway: httpx.Client) -> None:
    task_id, frames = analysis(gateway)
    picture = drawn(gateway, "月下的红船，远景")
    path = f"{TASKS}/{task_id}/storyboard.zip"
    archive = unpacked(gateway.get(path, params={"images": f"2:{picture}"}))
    assert archive.pictures == {"frames/002.png": gateway.get(f"/api/images/{picture}/content").content}
    assert [frame["picture"] for frame in archive.frames] == [None, "frames/002.png", None]
    assert [frame["imageId"] for frame in archive.frames] == [None, picture, None]
    assert archive.frames[1]["prompt"] == archive.rows[1][4] == "月下的红船，远景"
    assert archive.frames[0]["prompt"] == frames[0]["jimengPrompt"]


def test_a_batch_brings_its_own_pictures_and_a_chosen_one_wins(gateway: httpx.Client) -> None:
    frames = [{"sequence": number, "prompt": f"{uuid4()} {number}"} for number in (4, 5)]
    task_id, ids = batch(gateway, frames)
    path = f"{TASKS}/{task_id}/storyboard.zip"
    archive = unpacked(gateway.get(path))
    assert sorted(archive.pictures) == ["frames/004.png", "frames/005.png"]
    assert {frame["sequence"]: frame["imageId"] for frame in archive.frames} == ids
    other = drawn(gateway, "又一张")
    chosen = unpacked(gateway.get(path, params={"images": f"5:{other}"}))
    assert [frame["imageId"] for frame in chosen.frames] == [ids[4], other]


@pytest.mark.parametrize("wrong", ["1:jimeng_v4_none", "1:..%2F..%2Flivez", "x:y", ":", "99:jimeng_v4_none", ",,,"])
def test_a_picture_that_cannot_be_had_is_null_and_the_archive_is_whole(gateway: httpx.Client, wrong: str) -> None:
    task_id, _ = analysis(gateway)
    archive = unpacked(gateway.get(f"{TASKS}/{task_id}/storyboard.zip", params={"images": wrong}))
    assert archive.pictures == {}
    assert [frame["picture"] for frame in archive.frames] == [None] * 3


def test_a_frame_that_failed_is_in_the_tables_without_a_picture(stack: Stack, gateway: httpx.Client) -> None:
    mark = uuid4().hex
    stack.fault(vendor="jimeng", kind="code", value=50413, call="submit", match=f"{mark} bad")
    task_id, ids = batch(gateway, [{"prompt": f"{mark} bad"}, {"prompt": f"{mark} good"}])
    archive = unpacked(gateway.get(f"{TASKS}/{task_id}/storyboard.zip"))
    assert list(ids) == [2]
    assert [frame["picture"] for frame in archive.frames] == [None, "frames/002.png"]


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(gateway: httpx.Client) -> None:
    task_id, _ = batch(gateway, [{"prompt": "=HYPERLINK(1)", "chineseDescription": "@SUM(1)"}])
    archive = unpacked(gateway.get(f"{TASKS}/{task_id}/storyboard.zip"))
    assert archive.rows[0][3:5] == ["'@SUM(1)", "'=HYPERLINK(1)"]
    assert archive.frames[0]["prompt"] == "=HYPERLINK(1)"


def test_what_has_no_frames_has_no_archive(gateway: httpx.Client) -> None:
    unknown = gateway.get(f"{TASKS}/{uuid4()}/storyboard.zip")
    assert (unknown.status_code, unknown.json()["errorCode"]) == (404, "TASK_NOT_FOUND")


def test_a_batch_under_way_tells_what_is_done_and_leaves_a_gap_for_the_rest(
    stack: Stack, gateway: httpx.Client
) -> None:
    stack.tune(jimeng_seconds=[0.6, 0.9])
    try:
        frames = [{"sequence": number, "prompt": f"{uuid4()}"} for number in range(1, 7)]
        with gateway.stream("POST", "/api/generate-all-images?stream=true", json={"frames": frames}) as stream:
            task_id = stream.headers["location"].split("/")[-2]
            events = (event.data for event in listen(stream))
            first = next(event for event in events if event["type"] == "frame_complete")
            task = gateway.get(f"{TASKS}/{task_id}").json()
            list(events)
    finally:
        stack.tune(jimeng_seconds=[0.2, 0.5])
    assert (task["status"], len(task["data"])) == ("running", 6)
    done = {item["sequence"]: item["taskId"] for item in task["data"] if item}
    assert done[first["sequence"]] == first["taskId"]
    assert None in task["data"]
    finished = gateway.get(f"{TASKS}/{task_id}").json()
    assert [item["prompt"] for item in finished["data"]] == [frame["prompt"] for frame in frames]


@pytest.mark.parametrize("images", ["9" * 5000 + ":a", "1:", ":a", "-1:a", "٣:a", "," * 5000, "1:%00"])
def test_odd_choices_of_pictures_break_nothing(gateway: httpx.Client, images: str) -> None:
    task_id, _ = analysis(gateway)
    assert unpacked(gateway.get(f"{TASKS}/{task_id}/storyboard.zip?images={images}")).frames


@pytest.mark.parametrize("sequence", [{"a": 1}, ["1"], "3", 1.5, True, 10**30])
def test_a_frame_with_an_odd_number_has_its_picture_by_its_place(gateway: httpx.Client, sequence: object) -> None:
    frames = {"frames": [{"prompt": "灯塔", "sequence": sequence}]}
    streamed = gateway.post("/api/generate-all-images?stream=true", json=frames)
    task_id = streamed.headers["location"].split("/")[-2]
    archive = unpacked(gateway.get(f"{TASKS}/{task_id}/storyboard.zip"))
    assert len(archive.pictures) == 1
