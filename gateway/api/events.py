"""The streams of events, each as a union that generators of clients can tell apart."""

from gateway.api import runninghub_events as hub
from gateway.api import script_events as script
from gateway.api import storyboard_events as board
from shared.web.openapi import any_of, event_union, typed_union

_SCRIPT = event_union(
    "ScriptEvent",
    {
        "task_id": script.TaskBegun,
        "status": script.Notice,
        "content_chunk": script.ContentChunk,
        "episode_retry": script.EpisodeRetry,
        "initial_content": script.InitialContent,
        "progress": script.EpisodesProgress,
        "episode_content": script.EpisodeContent,
        "complete": script.TaskComplete,
        "error": script.TaskFailed,
        "canceled": script.TaskCanceled,
    },
)
_EXTRACTION = event_union(
    "ExtractionEvent",
    {
        "status": script.Notice,
        "episode_prompts": script.EpisodePrompts,
        "complete": script.TaskComplete,
        "error": script.TaskFailed,
    },
)
_RUNNINGHUB = event_union(
    "RunningHubEvent",
    {
        "status": hub.ProcessingNotice,
        "task_created": hub.SubtaskCreated,
        "task_waiting": hub.SubtaskWaiting,
        "task_requeued": hub.SubtaskRequeued,
        "subtask_completed": hub.SubtaskCompleted,
        "task_error": hub.SubtaskError,
        "task_cancelled": hub.SubtaskCanceled,
        "progress": hub.ProcessingProgress,
        "all_tasks_completed": hub.AllSubtasksCompleted,
        "cancel_requested": hub.CancelRequested,
        "cancel_complete": hub.CancelComplete,
        "complete": hub.ProcessingComplete,
        "error": script.TaskFailed,
    },
)
_ANALYSIS = typed_union("AnalysisEvent", [board.AnalysisProgress, board.AnalysisComplete, board.AnalysisFailed])
_BATCH = typed_union(
    "BatchEvent",
    [board.FrameBegun, board.FrameComplete, board.FrameError, board.BatchComplete, board.BatchFailed],
)
_TASK = any_of("TaskEvent", [_SCRIPT, _RUNNINGHUB, _ANALYSIS, _BATCH], "An event of a task, by what the task does.")

STREAMS = (_SCRIPT, _EXTRACTION, _RUNNINGHUB, _ANALYSIS, _BATCH, _TASK)
