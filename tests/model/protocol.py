"""The protocol of docs/promise.md as a program: each run may end or sleep between two effects.

Whoever changes the protocol changes it here first. Simpler than the product: an object that was
compacted goes at once, and jobs, manifests and metadata are one step each.
"""

from collections import Counter

from tests.model.systems import HOURS, LEASE, Claim, Effects, Guard, Item, Outcome, Plan, World


def run(world: World, run_id: str, kind: str) -> Effects:
    """Carry out one life of a run: of `plays`, of `metadata` (without files), or a `rebuild`."""
    is_idle = not world.candidates(run_id) and world.state[0] in world.commits
    if kind == "plays" and is_idle:
        return
    commit = yield from begin(world)
    if commit is None:
        return
    claim_id = yield from take_claim(world, run_id, kind, commit)
    if claim_id is None:
        return
    plan = yield from make_plan(world, run_id, claim_id, kind)
    if plan is None or not (yield from commit_plan(world, plan)):
        yield from release(world, run_id)
        return
    yield from publish(world, plan)
    yield from mark(world, plan)


def begin(world: World) -> Effects:
    """Publish the last commit where its run did not; return the number seen published, or None."""
    commit, key = world.state
    yield f"reads commit {commit}"
    if not world.has(Guard.REDO):
        return commit
    if commit not in world.commits:
        world.log.append("redoes what a dead run left")
        yield from publish(world, world.plans[key])
        yield from mark(world, world.plans[key])
    commit, _ = world.state
    yield f"reads commit {commit} again"
    return commit if commit in world.commits else None


def take_claim(world: World, run_id: str, kind: str, commit: int) -> Effects:
    """Claim what is free by conditional writes, then write the claim; return its id, or None."""
    world.claims_made += 1
    claim_id = f"{run_id}.{world.claims_made}" if world.has(Guard.FRESH_CLAIM) else run_id
    files: dict[str, int] = {}
    for file in world.candidates(run_id) if kind == "plays" else []:
        if file not in world.candidates(run_id):
            continue
        version = files[file] = world.data[file].version
        world.ledger[file] = Item("CLAIMED", run_id, claim_id, world.now + LEASE, version)
        yield f"{run_id} claims {file}"
    if not files and kind == "plays":
        return None
    world.claims[claim_id] = Claim(commit, files)
    yield f"{claim_id} writes claim.json: commit {commit}, {files}"
    return claim_id


def make_plan(world: World, run_id: str, claim_id: str, kind: str) -> Effects:
    """Let the jobs compute, look at the claimed files again, write the plan; return it, or None."""
    outcome, attempt = yield from compute_in_attempts(world, claim_id, kind)
    if outcome is None:
        return None
    claim = world.claims[claim_id]
    replaced = any(world.data[file].version != version for file, version in claim.files.items())
    if replaced and world.has(Guard.ETAGS_AGAIN):
        return None
    # What _files.json lists; a listing of a shared folder would show another attempt's files too.
    rows = outcome.rows if world.has(Guard.OWN_FOLDER) else world.staging[claim_id, attempt]
    key = (claim_id, attempt, claim.commit)
    files = {
        file: (version, outcome.refused.get(file, False)) for file, version in claim.files.items()
    }
    is_rebuild = kind == "rebuild"
    number = claim.commit + 1
    world.plans[key] = Plan(key, run_id, claim_id, number, is_rebuild, rows, files, outcome)
    yield f"{claim_id} writes a plan"
    return world.plans[key]


def compute_in_attempts(world: World, claim_id: str, kind: str) -> Effects:
    """Try once or twice; an attempt that was given up writes on, beside its successor."""
    attempt = 0
    for _ in range(world.rng.choice([1, 1, 2])):
        while world.has(Guard.OWN_FOLDER) and (claim_id, attempt) in world.staging:
            attempt += 1
        job = compute(world, claim_id, attempt, world.claims[claim_id], kind)
        patience = world.rng.randint(1, 12) if world.rng.random() < 0.3 else 1_000
        for _ in range(patience):
            try:
                yield next(job)
            except StopIteration as end:
                return end.value, attempt
        world.zombies.append(job)
        yield f"{claim_id} gives attempt {attempt} up"
    return None, attempt


def compute(world: World, claim_id: str, attempt: int, claim: Claim, kind: str) -> Effects:
    """Read the files and the lake, stage the new plays, count; a job reads a file in two steps."""
    folder = (claim_id, attempt)
    world.staging.setdefault(folder, [])
    known = set(world.read_lake())
    yield f"{claim_id} attempt {attempt} knows {len(known)} plays"
    reads = {}
    for file in sorted(claim.files):
        probed = world.data[file].version
        yield f"{claim_id} probes {file} v{probed}"
        found = world.data[file]
        # Read by the header of another version, the rows are plays that nobody delivered.
        torn = frozenset((hour, play + 100) for hour, play in found.plays)
        plays = found.plays if found.version == probed else torn
        reads[file] = (frozenset() if found.is_to_be_refused else plays, found.is_to_be_refused)
        yield f"{claim_id} reads {file} v{found.version}"
    seen, rows, accepted = set(), [], {}
    for file, (plays, _) in reads.items():
        new = sorted(plays - known - seen)
        seen |= plays
        accepted[file] = len(new)
        rows += new
        world.staging[folder] = world.staging[folder] + new
        yield f"{claim_id} stages {file} in attempt {attempt}"
    lake, added = world.read_lake(), Counter(hour for hour, _ in rows)
    touched = set(HOURS) if kind == "rebuild" else {hour for hour, _ in seen}
    in_lake = Counter(hour for hour, _ in lake)
    hours = Counter({hour: in_lake[hour] for hour in touched}) + added
    before = in_lake if kind == "rebuild" else world.totals.get(claim.commit, Counter())
    refused = {file: is_refused for file, (_, is_refused) in reads.items()}
    yield f"{claim_id} computes"
    return Outcome(rows, seen, touched, hours, before + added, accepted, refused, set(lake))


def commit_plan(world: World, plan: Plan) -> Effects:
    """Send the batch and wait for it, or lose sight of it; return whether the plan is committed."""
    batch = run_batch(world, plan)
    if world.rng.random() < 0.15:
        world.zombies.append(batch)
        yield f"{plan.claim_id} loses sight of its batch"
        return False
    yield from batch
    return world.state[1] == plan.key


def run_batch(world: World, plan: Plan) -> Effects:
    """Carry out one transaction of the warehouse, perhaps long after its run has died."""
    yield f"the batch of {plan.key} is sent"
    if world.has(Guard.COMMIT_NUMBER) and world.state[0] != plan.commit - 1:
        world.log.append(f"the batch of {plan.key} is overtaken")
        return
    outcome = plan.outcome
    streams = (outcome.lake if plan.is_rebuild else world.streams) | set(plan.rows)
    plays = Counter(hour for hour, _ in streams)
    if any(plays[hour] != outcome.hours[hour] for hour in outcome.touched_hours):
        return
    world.streams, world.genres = streams, outcome.totals
    world.hours |= {hour: outcome.hours[hour] for hour in outcome.touched_hours}
    world.state = (plan.commit, plan.key)
    world.accepted |= outcome.seen
    yield f"{plan.key} is commit {plan.commit}"


def publish(world: World, plan: Plan) -> Effects:
    """Bring a commit into the lake; anybody may, again and again."""
    commit = plan.commit
    if commit in world.commits:
        return
    for part, plays in plan.objects():
        world.lake[commit if world.has(Guard.COMMIT_NAMES) else plan.run_id, part] = plays
        yield f"puts lake object {commit}-{part}"
    world.totals[commit] = plan.outcome.totals
    yield f"puts track_plays of {commit}"
    world.commits[commit] = plan.outcome.accepted
    yield f"puts lake/commits/{commit}"


def mark(world: World, plan: Plan) -> Effects:
    """Mark the plan's files in the ledger, where its claim still holds them."""
    for file, (version, is_refused) in plan.files.items():
        item = world.ledger.get(file)
        is_own = item and (item.claim_id, item.version) == (plan.claim_id, version)
        if item and (is_own or not world.has(Guard.LEDGER_CONDITION)):
            item.status = "REJECTED" if is_refused else "PROCESSED"
        yield f"marks {file}"


def release(world: World, run_id: str) -> Effects:
    """Give back what the run still holds."""
    for file, item in list(world.ledger.items()):
        if item.run_id == run_id and item.status == "CLAIMED":
            item.status = "FAILED"
        yield f"{run_id} releases {file}"


def compact(world: World) -> Effects:
    """Put all plays of the published commits into one object; those that it replaces go."""
    commit = yield from begin(world)
    if not commit or commit in world.compacted:
        return
    numbered = {key: plays for key, plays in world.lake.items() if isinstance(key[0], int)}
    old = {key: plays for key, plays in numbered.items() if key[0] <= commit}
    last = max((number for number in world.compacted if number < commit), default=0)
    above = [play for key, plays in old.items() if key[0] > last for play in plays]
    whole = (*world.compacted.get(last, ()), *above)
    yield f"compacts up to commit {commit}"
    world.compacted[commit] = whole
    yield f"puts lake object {commit}-all"
    for key in old:
        world.lake.pop(key, None)
        yield f"deletes lake object {key}"
