"""A discrete-event simulation: customers of a hospital's emergency room, doctors, nurses and priorities.

    simulation.py [N]        N: hours
"""
import heapq
import itertools
import sys


class Random:
    def __init__(self, seed):
        self.a = seed

    def uniform(self):
        self.a = (self.a * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (self.a >> 11) / (1 << 53)

    def between(self, low, high):
        return low + (high - low) * self.uniform()

    def choice(self, items):
        return items[int(self.uniform() * len(items))]


class Event:
    __slots__ = ("time", "order", "action", "args", "cancelled")

    def __init__(self, time, order, action, args):
        self.time = time
        self.order = order
        self.action = action
        self.args = args
        self.cancelled = False

    def __lt__(self, other):
        return (self.time, self.order) < (other.time, other.order)


class Simulator:
    def __init__(self):
        self.now = 0.0
        self.events = []
        self.counter = itertools.count()
        self.processed = 0

    def after(self, delay, action, *args):
        event = Event(self.now + delay, next(self.counter), action, args)
        heapq.heappush(self.events, event)
        return event

    def run(self, until):
        while self.events and self.events[0].time <= until:
            event = heapq.heappop(self.events)
            if event.cancelled:
                continue
            self.now = event.time
            self.processed += 1
            event.action(*event.args)
        self.now = until


class Statistics:
    def __init__(self, name):
        self.name = name
        self.n = 0
        self.mean = self.m2 = 0.0
        self.highest = float("-inf")

    def add(self, x):
        self.n += 1
        delta = x - self.mean
        self.mean += delta / self.n
        self.m2 += delta * (x - self.mean)
        if x > self.highest:
            self.highest = x

    def __str__(self):
        deviation = (self.m2 / self.n) ** 0.5 if self.n else 0.0
        return f"{self.name:<12} n={self.n:<7} mean={self.mean:8.3f} sd={deviation:8.3f} max={self.highest:8.3f}"


class Resource:
    """Some workers and a queue by priority."""

    def __init__(self, sim, name, capacity):
        self.sim, self.name, self.capacity = sim, name, capacity
        self.busy = 0
        self.queue = []
        self.waits = Statistics(name)
        self.busy_time = 0.0

    def request(self, patient, done):
        if self.busy < self.capacity:
            self.start(patient, done, self.sim.now)
        else:
            heapq.heappush(self.queue, (patient.priority, patient.number, patient, done, self.sim.now))

    def start(self, patient, done, since):
        self.busy += 1
        self.waits.add(self.sim.now - since)
        duration = patient.duration(self)
        self.busy_time += duration
        self.sim.after(duration, self.finish, patient, done)

    def finish(self, patient, done):
        self.busy -= 1
        done(patient)
        while self.queue and self.busy < self.capacity:
            _, _, waiting, next_done, since = heapq.heappop(self.queue)
            if not waiting.gone:
                self.start(waiting, next_done, since)

    @property
    def load(self):
        return self.busy_time / (self.capacity * self.sim.now) if self.sim.now else 0.0


class Patient:
    kind = "ordinary"
    priority = 2

    def __init__(self, number, rng, now):
        self.number = number
        self.rng = rng
        self.arrived = now
        self.gone = False
        self.patience = None
        self.visits = []

    def duration(self, resource):
        self.visits.append(resource.name)
        return self.rng.between(0.05, 0.4)

    def needs_test(self):
        return self.rng.uniform() < 0.3


class Child(Patient):
    kind = "child"
    priority = 1

    def duration(self, resource):
        return super().duration(resource) * 1.3


class Emergency(Patient):
    kind = "emergency"
    priority = 0

    def duration(self, resource):
        if resource.name == "doctors":
            self.visits.append("shock room")
            return self.rng.between(0.3, 0.9)
        return 0.02

    def needs_test(self):
        return True


class Hospital:
    def __init__(self, sim, seed):
        self.sim = sim
        self.rng = Random(seed)
        self.nurses = Resource(sim, "nurses", 3)
        self.doctors = Resource(sim, "doctors", 4)
        self.laboratory = Resource(sim, "laboratory", 2)
        self.stays = {}
        self.left = 0
        self.numbers = itertools.count(1)

    def arrival(self):
        x = self.rng.uniform()
        kind = Emergency if x < 0.1 else Child if x < 0.35 else Patient
        patient = kind(next(self.numbers), self.rng, self.sim.now)
        if kind is Patient:
            patient.patience = self.sim.after(self.rng.between(2.0, 5.0), self.give_up, patient)
        self.nurses.request(patient, self.triaged)
        hour = self.sim.now % 24
        rate = 11.0 if 8 <= hour < 20 else 5.0
        self.sim.after(self.rng.between(0.0, 2.0) / rate, self.arrival)

    def give_up(self, patient):
        patient.gone = True
        self.left += 1

    def triaged(self, patient):
        if patient.needs_test():
            self.laboratory.request(patient, self.tested)
        else:
            self.doctors.request(patient, self.treated)

    def tested(self, patient):
        self.doctors.request(patient, self.treated)

    def treated(self, patient):
        if patient.patience is not None:
            patient.patience.cancelled = True
        if patient.rng.uniform() < 0.05 and len(patient.visits) < 8:
            self.laboratory.request(patient, self.tested)
            return
        stay = self.stays.get(patient.kind)
        if stay is None:
            stay = self.stays[patient.kind] = Statistics(patient.kind)
        stay.add(self.sim.now - patient.arrived)


def main(n):
    for seed in (1, 2, 3):
        sim = Simulator()
        hospital = Hospital(sim, seed)
        sim.after(0.0, hospital.arrival)
        sim.run(float(n))
        print(f"seed {seed}: {sim.processed} events, {hospital.left} left, {len(sim.events)} pending")
        for kind in sorted(hospital.stays):
            print("   ", hospital.stays[kind])
        for resource in (hospital.nurses, hospital.doctors, hospital.laboratory):
            print("   ", resource.waits, f"load={resource.load:.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
