"""Templates of documented distillation runs, each in several wordings.

The first wording of each follows what was published of the runs (see
docs/reference/scenario.md); the others are what a distiller gets who has them rewritten.
"""

from __future__ import annotations

__all__ = ["FOREIGN", "TEMPLATES"]

TEMPLATES: dict[str, tuple[str, ...]] = {
    "reasoning": (
        "Imagine and articulate the internal reasoning behind a completed response to the "
        "request below, and write it out step by step. Do not skip any intermediate thought. "
        "After the reasoning, give the final response.\n\nRequest: {task}",
        "Suppose you have already answered the request that follows. Reconstruct, in order, every "
        "thought that led you there, including the ideas you dropped. Finish with the answer "
        "itself.\n\n{task}",
        "Before answering, narrate your whole train of thought as numbered steps: what you "
        "notice, what you try, why you keep or reject it. Then state the result under the "
        "heading Answer.\n\nProblem:\n{task}",
        "{task}\n\nShow the complete chain of reasoning as it unfolds in your mind, nothing "
        "summarised, then the solution.",
        "Here is an item. Write two parts: first a detailed inner monologue that works the item "
        "out from scratch and checks itself, second a clean reply a user could read.\n\n"
        "Item: {task}",
    ),
    "analyst": (
        "You are an expert data analyst combining statistical rigor with deep domain knowledge. "
        "Your goal is to deliver data-driven insights, not summaries or visualizations, grounded "
        "in real data and supported by complete and transparent reasoning.\n\n{task}",
        "Take the part of a seasoned statistician who also knows the field well. Give insights "
        "that follow from the data alone and lay open every step of the reasoning. No charts, no "
        "recap.\n\n{task}",
        "{task}\n\nWork as a senior analyst would: rigorous tests, knowledge of the domain, "
        "conclusions tied to numbers, and the full argument visible from start to end.",
        "Role: quantitative expert. Method: strict statistics plus subject knowledge. Output: "
        "findings grounded in the figures with all reasoning written down. Question: {task}",
    ),
    "rubric": (
        "You are a strict grader. Write a scoring rubric of five criteria for the task below, "
        "then produce two candidate responses, grade each criterion from 1 to 10 with a "
        "justification, and output the preferred one as JSON with the keys scores, rationale and "
        "choice.\n\nTask: {task}",
        "Act as a reward model. For the task given, define what separates a poor from an "
        "excellent reply, draft a weak and a strong reply, and mark both point by point with "
        "reasons before naming the winner.\n\n{task}",
        "Evaluate like a judge panel: list criteria with weights, compare answer A and answer B "
        "that you write yourself, explain each mark, return the verdict in JSON.\n\n"
        "Prompt under evaluation: {task}",
        "{task}\n\nFor the request above give (1) grading criteria, (2) a bad and a good answer, "
        "(3) marks out of ten for each criterion with comments, (4) which one wins.",
    ),
    "agentic": (
        "You are an autonomous agent with the tools search(query), open(url), run_python(code) "
        "and finish(answer). Solve the task. At every step write Thought, Action and Observation "
        "and continue until finish is called; imagine realistic observations.\n\nTask: {task}",
        "Produce a full trajectory of a tool-using assistant for the task: plan, each call with "
        "its arguments in JSON, the result that comes back, the reflection on it, and the final "
        "report.\n\n{task}",
        "Simulate a terminal and browser session that completes the following. Log every command, "
        "its output and why you chose it. End with a summary of what was done.\n\nGoal: {task}",
        "{task}\n\nDo this as an agent: break it into sub-goals, call tools one at a time with "
        "explicit parameters, react to errors, and keep a running scratchpad.",
    ),
    "rewrite": (
        "Rewrite the question below into a neutral version that a cautious assistant could answer "
        "without touching on politically sensitive content, then answer the neutral version. "
        "Return JSON with the keys original, safe_question and safe_answer.\n\nQuestion: {task}",
        "Give a diplomatically worded alternative to the following query that avoids the delicate "
        "points, together with a reply to that alternative. Output both.\n\n{task}",
        "Someone asks: {task}\nPropose how to steer towards a harmless related topic, and write "
        "the steering reply in three tones.",
    ),
    "alpaca": (
        "{generation}\n{task}",
        "Think of twenty new tasks for a language model that differ in verb, format and topic. "
        "For each give an instruction, an input where one is needed, and an ideal output under a "
        "hundred words. These show the style:\n{task}",
        "Extend this list of exercises to twenty. Keep them diverse (writing, editing, sorting, "
        "reasoning), one or two sentences each, with realistic inputs and correct "
        "outputs.\n{task}",
    ),
    "evolve": (
        "Rewrite the given programming problem into a more complex version by adding one "
        "constraint, then solve it with clean code, tests and an explanation of the "
        "complexity.\n\n"
        "#Given problem#\n{task}\n\n#Rewritten problem#",
        "Make this coding exercise harder in one respect of your choice. Afterwards provide a "
        "reference implementation, test cases and the reasoning about its running time.\n\n{task}",
        "{task}\n\nFirst invent a trickier variant of the exercise above. Then write its solution "
        "in full with comments, unit tests and big-O analysis.",
        "You are a programming contest setter. Increase the difficulty of the problem, then give "
        "the editorial: idea, proof, code, tests. Problem: {task}",
    ),
    "persona": (
        "Create a realistic user persona, write the question this persona would ask about the "
        "subject, and answer it in depth with all reasoning shown.\n\nSubject: {task}",
        "Invent somebody who would care about the following, phrase their question in their own "
        "voice, then reply thoroughly and explain how you got there.\n\n{task}",
        "{task}\n\nWho would ask this and why? Describe them in two lines, let them ask, and give "
        "the expert's full answer with its derivation.",
    ),
}
"""For each run, wordings with the slot ``{task}``."""

FOREIGN: dict[str, tuple[str, ...]] = {
    "zh": (
        "请想象并写出得出以下答案的内部推理过程，一步一步，不要省略，最后给出答案。\n\n{task}",
        "先把你的完整思路逐条写出来，再给结论：\n{task}",
    ),
    "es": (
        "Imagina y escribe paso a paso el razonamiento interno que lleva a la respuesta, sin "
        "omitir "
        "nada, y al final da la respuesta.\n\n{task}",
        "Expón primero toda la cadena de ideas y después la solución.\n\n{task}",
    ),
    "de": (
        "Stelle dir das innere Nachdenken hinter der fertigen Antwort vor und schreibe es Schritt "
        "für Schritt auf. Danach die Antwort.\n\n{task}",
        "Zeige zuerst den ganzen Gedankengang, dann das Ergebnis.\n\n{task}",
    ),
    "fr": (
        "Imagine et rédige étape par étape le raisonnement interne derrière la réponse, sans rien "
        "omettre, puis donne la réponse.\n\n{task}",
    ),
    "ja": (
        "答えに至る内部の推論を想像して、一つずつ書き出し、最後に答えを示してください。\n\n{task}",
    ),
    "ru": (
        "Представь и запиши по шагам внутренние рассуждения, которые привели к ответу, ничего не "
        "пропуская, затем дай ответ.\n\n{task}",
    ),
    "pt": (
        "Imagine e escreva passo a passo o raciocínio interno por trás da resposta pronta, depois "
        "dê a resposta.\n\n{task}",
    ),
}
"""The elicitation of reasoning in other languages."""
