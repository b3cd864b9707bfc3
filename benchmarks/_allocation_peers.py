"""What a spreadsheet or a solver would have given: the same schools, kits, places and caps, by other programs.

    .venv-peers/bin/python benchmarks/_allocation_peers.py flow|milp < PROBLEM.json

`flow` is OR-tools' min-cost flow, `milp` is HiGHS. Both fill as many guaranteed places as possible, then take the
highest sum of scores, then the best wishes. Prints the seconds from the parsed problem to the choice, and the choice:
for each school the seat that it got, or -1. A seat is a line of a kit (its guaranteed places, or its open ones).
Nothing of ours is imported here, and nothing of theirs elsewhere.
"""

import json
import sys
import time
from typing import Any

Problem = dict[str, Any]


def flow(problem: Problem) -> list[int]:
    """School, seat (through its region where that has a limit), kit, sink."""
    from ortools.graph.python import min_cost_flow  # type: ignore[import-not-found]  # only in the peers' environment

    model = min_cost_flow.SimpleMinCostFlow()
    schools, seats, kits = problem["schools"], problem["seats"], problem["stock"]
    first_seat, nodes = schools, schools + len(seats) + len(kits)
    sink, source = nodes, nodes + 1
    limited: dict[tuple[int, int], int] = {}
    wishes = []
    for school, seat, region, cost in problem["arcs"]:
        target = first_seat + seat
        if (cap := problem["caps"][seat][region] if problem["caps"][seat] else -1) >= 0:
            if (seat, region) not in limited:
                limited[seat, region] = source + 1 + len(limited)
                model.add_arc_with_capacity_and_unit_cost(limited[seat, region], target, cap, 0)
            target = limited[seat, region]
        wishes.append((model.add_arc_with_capacity_and_unit_cost(school, target, 1, cost), school, seat))
    for seat, (kit, places) in enumerate(seats):
        model.add_arc_with_capacity_and_unit_cost(first_seat + seat, first_seat + len(seats) + kit, places, 0)
    for kit, stock in enumerate(kits):
        model.add_arc_with_capacity_and_unit_cost(first_seat + len(seats) + kit, sink, stock, 0)
    for school in range(schools):
        model.add_arc_with_capacity_and_unit_cost(source, school, 1, 0)
    model.add_arc_with_capacity_and_unit_cost(source, sink, schools, 0)
    model.set_node_supply(source, schools)
    model.set_node_supply(sink, -schools)
    status = model.solve()
    assert status == model.OPTIMAL, status
    found = [-1] * schools
    for arc, school, seat in wishes:
        if model.flow(arc):
            found[school] = seat
    return found


def milp(problem: Problem) -> list[int]:
    """One variable for each school and seat; a row for each school, seat, kit and region with a limit."""
    import highspy  # type: ignore[import-not-found]  # as above

    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    rows: dict[tuple[Any, ...], list[int]] = {}
    limits: dict[tuple[Any, ...], int] = {}
    for number, (school, seat, region, cost) in enumerate(problem["arcs"]):
        model.addVar(0, 1)
        model.changeColCost(number, cost)
        model.changeColIntegrality(number, highspy.HighsVarType.kInteger)
        kit, places = problem["seats"][seat]
        for key, most in (
            (("school", school), 1),
            (("seat", seat), places),
            (("kit", kit), problem["stock"][kit]),
            (("region", seat, region), problem["caps"][seat][region] if problem["caps"][seat] else -1),
        ):
            if most >= 0:
                rows.setdefault(key, []).append(number)
                limits[key] = most
    for key, columns in rows.items():
        model.addRow(0, limits[key], len(columns), columns, [1.0] * len(columns))
    model.run()
    assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal, model.getModelStatus()
    values = model.getSolution().col_value
    found = [-1] * problem["schools"]
    for number, (school, seat, _, _) in enumerate(problem["arcs"]):
        if values[number] > 0.5:
            found[school] = seat
    return found


if __name__ == "__main__":
    given = json.load(sys.stdin)
    begun = time.process_time()
    choice = {"flow": flow, "milp": milp}[sys.argv[1]](given)
    print("\n" + json.dumps({"seconds": time.process_time() - begun, "seats": choice}))  # after what a library printed
