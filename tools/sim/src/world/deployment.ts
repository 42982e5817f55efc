import { SERVICE_NAMES, type ServiceName } from '@order-pipeline/contracts';
import { startServiceProcess, type ServiceProcess, type Surroundings } from './service-process.ts';
import { createSlot, type Slot } from './sim-process.ts';
import type { World } from './world.ts';

/** All the instances of all services, each started again after its end. */
export interface Deployment {
  readonly slots: readonly Slot<ServiceName>[];
  /** What runs, starts or lies dead in a slot. */
  at(slot: Slot<ServiceName>): ServiceProcess | undefined;
  of(service: ServiceName): readonly ServiceProcess[];
  /** Whether every instance listens. */
  isUp(): boolean;
  /** Whether none of them is stalled. */
  isAwake(): boolean;
  /** Starts nothing again from now on, and ends all. */
  end(): void;
}

const RESTART_AFTER_MS = { min: 50, max: 4_000 };

/** One of each service, and the others where the seed says. */
const spread = (instances: number, streams: World['streams']): Map<ServiceName, number> => {
  const counts = new Map(SERVICE_NAMES.map((service) => [service, 1]));
  const stream = streams('slots');
  for (let left = instances - counts.size; left > 0; left -= 1) {
    const service = stream.pick(SERVICE_NAMES);
    counts.set(service, (counts.get(service) ?? 0) + 1);
  }
  return counts;
};

/**
 * How many instances each service has, as the seed says.
 *
 * @param instances how many there are of all services; without it, some services have a second
 */
export const layOutSlots = ({ streams }: Pick<World, 'streams'>, instances?: number): Slot<ServiceName>[] => {
  const counts = instances === undefined ? undefined : spread(instances, streams);
  return SERVICE_NAMES.flatMap((service) => {
    const count = counts?.get(service) ?? (streams(`slots/${service}`).chance(0.4) ? 2 : 1);
    return Array.from({ length: count }, (_, index) => createSlot(service, `${service}.${index + 1}`));
  });
};

/** Starts every slot; `surroundings.answerers` may already ask for what is not there yet. */
export const startDeployment = (
  surroundings: Omit<Surroundings, 'answerers'>,
  slots: readonly Slot<ServiceName>[],
): Deployment => {
  const { world } = surroundings;
  const residents = new Map<Slot<ServiceName>, ServiceProcess>();
  let isEnding = false;
  const of = (service: ServiceName): ServiceProcess[] =>
    slots.filter((slot) => slot.service === service).flatMap((slot) => residents.get(slot) ?? []);

  const start = (slot: Slot<ServiceName>): void => {
    if (isEnding) return;
    world.trace(slot.id, 'starts');
    const resident = startServiceProcess({ ...surroundings, answerers: of }, slot);
    residents.set(slot, resident);
    const { min, max } = RESTART_AFTER_MS;
    const restartAfterMs = world.streams(`${slot.id}/restart`).between(min, max);
    resident.process.onDeath(() => void world.time.after(restartAfterMs, () => start(slot)));
  };
  for (const slot of slots) start(slot);
  return {
    slots,
    at: (slot) => residents.get(slot),
    of,
    isUp: () => slots.every((slot) => residents.get(slot)?.isListening()),
    isAwake: () => [...residents.values()].every(({ process }) => process.stalledUntil() <= world.time.now()),
    end: () => {
      isEnding = true;
      for (const { process } of residents.values()) process.die('ends with the simulation');
    },
  };
};
