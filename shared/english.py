"""Our error texts in English. The Chinese ones are the contract's; vendors' own words inside of them stay as they are.

`{*}` stands for a part that is looked up itself, `{}` for one that is kept.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

_LONGEST = 2000
_TEXTS = {
    # requests
    "缺少必要参数: {}": "missing parameter: {}",
    "缺少任务ID": "missing task id",
    "没有找到有效的提示词": "no frame has a prompt",
    "请求参数无效: {*}": "invalid request: {*}",
    "body: 不是有效的JSON": "body: not valid JSON",
    "body: 不是有效的UTF-8": "body: not valid UTF-8",
    "body: JSON嵌套超过{}层": "body: JSON nested deeper than {} levels",
    "不是有效的HTTP请求": "not a valid HTTP request",
    "{}: 长度必须为1到{}个字符": "{}: must have 1 to {} characters",
    "缺少或无效的API密钥": "missing or invalid API key",
    "请求体过大": "request body too large",
    "请求头过大": "request headers too large",
    "请求发送超时": "the request was sent too slowly",
    "请求过于频繁，请稍后重试": "too many requests, please try again later",
    "未完成的任务过多，请稍后重试": "too many unfinished tasks, please try again later",
    "打开的事件流过多，请稍后重试": "too many open event streams, please try again later",
    "相同Idempotency-Key的请求正在处理中，请稍后重试": (
        "a request with the same Idempotency-Key is being worked on, please try again later"
    ),
    "Idempotency-Key已用于另一个不同的请求": "this Idempotency-Key was used for another request",
    # tasks and pictures
    "未找到任务ID {} 的剧本": "no script under task id {}",
    "未找到任务ID {} 的分镜": "no storyboard under task id {}",
    "未找到任务ID {}": "no task with id {}",
    "未找到图片 {}": "no image {}",
    "图片 {} 没有可用的内容": "image {} has no content",
    "图片尚未生成完成": "the image is not finished",
    "任务 {} 不在活跃流式生成中": "task {} is not running",
    "未找到第{}集的画面描述词": "no picture prompts for episode {}",
    "未找到画面描述词": "no picture prompts found",
    "图片生成已取消": "the image was canceled",
    "生成已被用户取消": "canceled by the user",
    "任务已取消": "task canceled",
    # services
    "服务器内部错误": "internal server error",
    "服务正在重启，请稍后重试": "the service is restarting, please try again later",
    "服务正在停止": "the service is stopping",
    "数据库暂时不可用，请稍后重试": "the database is away, please try again later",
    "数据库不可用": "the database is away",
    "Python后端服务未启动，请先启动Python服务 (端口8081)": "imagegen is not running, please start it (port 8081)",
    "Python后端调用失败: {*}": "the call to imagegen failed: {*}",
    "Python后端返回错误: {}": "imagegen answered {}",
    # what failed
    "智能分析失败: {*}": "the analysis failed: {*}",
    "第1步: 故事切分失败: {*}": "step 1, cutting the story: {*}",
    "第2步: 关键帧提取失败: {*}": "step 2, finding the frames: {*}",
    "第3步: 提示词生成失败: {*}": "step 3, writing the prompts: {*}",
    "第4步: 结果解析失败，未能提取到有效的提示词": "step 4, reading the result: no prompt found in it",
    "长时间没有读者，分析已放弃": "nobody read it for a long time, given up",
    "第1步 故事切分": "step 1, cutting the story",
    "第2步 关键帧提取": "step 2, finding the frames",
    "第3步 提示词生成": "step 3, writing the prompts",
    "第4步 结果解析": "step 4, reading the result",
    "未知步骤": "unknown step",
    "批量生成失败: {*}": "the batch failed: {*}",
    "长时间没有读者，未提交的帧已放弃": "nobody read it for a long time, frames not yet submitted were given up",
    "生成内容出错: {*}": "writing failed: {*}",
    "角色表和目录生成失败": "no characters and no directory were written",
    "生成的剧本内容为空或太短": "the episode is empty or too short",
    "提取画面描述词出错: {*}": "finding the picture prompts failed: {*}",
    "处理画面描述词出错: {*}": "working on the picture prompts failed: {*}",
    "图片生成失败: {*}": "the image failed: {*}",
    "图片下载失败: {*}": "the image could not be fetched: {*}",
    "任务执行失败: {*}": "the vendor's task failed: {*}",
    "任务执行失败": "the vendor's task failed",
    "任务提交失败: {*}": "the vendor did not accept the task: {*}",
    "创建任务失败: {*}": "the vendor did not accept the task: {*}",
    "查询任务失败: {*}": "asking for the task failed: {*}",
    "查询任务状态失败: {*}": "asking for the task's status failed: {*}",
    "查询任务状态出错: {*}": "asking for the task's status failed: {*}",
    "查询任务结果失败: {*}": "asking for the task's result failed: {*}",
    "查询任务结果出错: {*}": "asking for the task's result failed: {*}",
    "SDK调用失败: {*}": "the call to the vendor failed: {*}",
    "图片生成超时，请稍后重试": "the image took too long, please try again later",
    "图片生成超时": "the image took too long",
    "提交结果未知，可能已计费，请确认后重试": (
        "nobody knows whether the order arrived; it may be charged, please look before you order again"
    ),
    "图片任务没有结束事件": "the image has no ending",
    # causes
    "请求超时（{}秒）": "timed out ({} seconds)",
    "网络连接错误 - {*}": "no connection: {*}",
    "连接被终止，可能是API服务器问题": "the connection was broken off, probably by the vendor",
    "连接在回答完成前中断": "the connection ended before the answer did",
    "连接被拒绝或无法建立": "connection refused or impossible",
    "连接超时": "timed out while connecting",
    "响应超时": "timed out while waiting for an answer",
    "连接被中断": "the connection was broken off",
    "返回的数据已损坏": "the answer is damaged",
    "回答达到长度上限": "the answer reached its length limit",
    "回答一再中断，未能写完": "the answer broke off again and again",
    "LLM调用失败": "the language model could not be called",
    "{}秒内没有收到任何内容": "nothing arrived for {} seconds",
    "模型思考了{}秒，没有写出正文": "the model thought for {} seconds without writing",
    "模型拒绝了这个请求（{}）": "the model refused the request ({})",
    "模型因意外的原因停止（{}）": "the model stopped for an unexpected reason ({})",
    "内容被模型的审核拦截": "the content was stopped by the model's moderation",
    "内容超出模型的上下文长度": "the content is longer than the model's context",
    "API返回内容不完整": "the answer is incomplete",
    "API返回格式错误: {*}": "the answer cannot be used: {*}",
    "返回的是网页，请检查{}": "it is a web page, please check {}",
    "返回的不是JSON，请检查{}": "it is not JSON, please check {}",
    "返回内容为空": "it is empty",
    "返回的JSON里没有回答（choices），请检查{}": "there is no answer (choices) in its JSON, please check {}",
    "返回的事件流没有可识别的内容，请检查{}和接口格式": (
        "there is nothing known in the event stream, please check {} and its dialect"
    ),
    "返回的事件流没有可识别的内容，请检查{}": "there is nothing known in the event stream, please check {}",
    "返回的不是事件流（没有类型的内容），请检查{}": "the answer is no event stream (it has no type), please check {}",
    "返回的不是事件流（{}），请检查{}": "the answer is no event stream ({}), please check {}",
    "模型没有写出正文": "the model wrote no text",
    "模型只写了思考过程，没有写出正文": "the model only thought and wrote no text",
    "{*}（地址 {}，请检查{}）": "{*} (asked at {}, please check {})",
    "未配置{}，且沙盒（{}）未运行": "{} is not configured, and the sandbox ({}) is not running",
    "未配置{}或{}": "{} or {} is not configured",
    "未配置{}": "{} is not configured",
    "返回内容不是JSON": "the answer is not JSON",
    "返回内容不是JSON (HTTP {})": "the answer is not JSON (HTTP {})",
    "重定向过多": "too many redirects",
    "图片过大": "the image is too large",
    "不允许的地址": "the address is not allowed",
    "网络错误": "network error",
    "未知错误": "unknown error",
    "未知原因": "unknown reason",
}


def _compiled() -> Iterator[tuple[re.Pattern[str], list[str], str]]:
    for chinese, english in _TEXTS.items():
        parts = re.split(r"(\{\*?\})", chinese)
        pattern = "".join("(.+?)" if part.startswith("{") else re.escape(part) for part in parts)
        yield re.compile(pattern, re.DOTALL), parts[1::2], english


_PATTERNS = tuple(_compiled())


@lru_cache(maxsize=1024)
def in_english(text: str) -> str:
    """The text in English as far as it is ours."""
    if text.isascii() or len(text) > _LONGEST:
        return text
    for pattern, holes, english in _PATTERNS:
        if found := pattern.fullmatch(text):
            values = iter(found.groups())
            pieces = re.split(r"\{\*?\}", english)
            told = [in_english(value) if hole == "{*}" else value for hole, value in zip(holes, values, strict=True)]
            return "".join(piece + value for piece, value in zip(pieces, [*told, ""], strict=True))
    return text
