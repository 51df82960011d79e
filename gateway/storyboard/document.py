"""An analysis as it goes on the wire: frames, and the story's parts and pictures in the form front ends know."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from gateway.storyboard.board import Board, Shot, Story
from gateway.storyboard.cast import person_as_wire, place_as_wire
from gateway.storyboard.drawing import FinishedFrame
from gateway.storyboard.frames import START, Frame, Source, as_wire


def document(story: Story, board: Board, finished: Sequence[FinishedFrame]) -> dict[str, Any]:
    """`data` of A1. `finished` holds at least one frame."""
    frames = frames_of(board, finished)
    return {
        "script_analysis": {
            "sceneCount": story.scene_count,
            "frameCount": len(frames),
            "genre_detected": story.genre,
            "segmented_story": segmented_story(board),
            "extracted_frames": extracted_frames(finished),
            "coverage": {
                "sentences": len(board.text),
                "covered": sum(frame.source.last - frame.source.first + 1 for frame in frames if frame.source),
                "parts": board.parts,
                "repaired": board.repaired,
            },
            "characters": [person_as_wire(person) for person in board.cast.people],
            "places": [place_as_wire(place) for place in board.cast.places],
            "style": board.cast.style,
            "warnings": [notice.as_wire() for notice in board.notices],
        },
        "storyboard_frames": [as_wire(frame) for frame in frames],
        "recommendedStyle": story.style,
        "recommendedGenre": story.genre,
        "estimatedScenes": story.scene_count,
        "intelligentAnalysisComplete": True,
    }


def frames_of(board: Board, finished: Sequence[FinishedFrame]) -> list[Frame]:
    """The frames with their shares of the story: the sentences of one that is missing go to the frame before it."""
    firsts = [1, *(frame.shot.first for frame in finished[1:]), len(board.text) + 1]
    return [
        _frame(board, frame, sequence, (first, after - 1))
        for sequence, (frame, (first, after)) in enumerate(zip(finished, pairwise(firsts), strict=True), 1)
    ]


def _frame(board: Board, frame: FinishedFrame, sequence: int, span: tuple[int, int]) -> Frame:
    shot = frame.shot
    variants = ((person.id, person.variant_at(shot.first)) for person in frame.people)
    place = board.cast.place(shot.place)
    return Frame(
        sequence,
        shot.scene,
        shot.kind,
        frame.description,
        frame.prompt,
        Source(*span, *board.text.span(*span)),
        tuple((who, variant.id if variant else None) for who, variant in variants),
        place.id if place else None,
        frame.template,
    )


def segmented_story(board: Board) -> str:
    """The parts in our own text, byte for byte, each with what is seen at its beginning."""
    return "\n\n".join(_part(board, shot) for shot in board.shots if shot.kind == START)


def _part(board: Board, shot: Shot) -> str:
    last = len(board.text) if shot.scene == board.parts else shot.last
    text = board.text.text(shot.first, last)
    return f"## 第{shot.scene}份\n\n**完整剧情原文**：\n{text}\n\n**核心视觉点**：{shot.moment}"


def extracted_frames(finished: Sequence[FinishedFrame]) -> str:
    """Heading, type and description of every frame."""
    return "\n\n".join(
        f"### 第{frame.shot.scene}份-{frame.shot.kind}\n\n"
        f"**帧类型**：{frame.shot.kind}\n\n**画面描述**：{frame.description}"
        for frame in finished
    )
