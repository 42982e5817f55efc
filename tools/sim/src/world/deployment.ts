import { SERVICE_NAMES, type ServiceName } from '@order-pipeline/contracts';
import { startServiceProcess, type ServiceProcess, type Surroundings } from './service-process.ts';
import { createSlot, type Slot } from './sim-process.ts';

/** All the instances of all services, each started again after its end. */
export interface Deployment {
  readonly slots: readonly Slot[];
  /** What runs, starts or lies dead in a slot. */
  at(slot: Slot): ServiceProcess | undefined;
  of(service: ServiceName): readonly ServiceProcess[];
  /** Whether every instance listens. */
  isUp(): boolean;
  /** Whether none of them is stalled. */
  isAwake(): boolean;
  /** Starts nothing again from now on, and ends all. */
  end(): void;
}

const RESTART_AFTER_MS = { min: 50, max: 4_000 };

/** Which services have a second instance, as the seed says. */
export const layOutSlots = ({ world }: Pick<Surroundings, 'world'>): Slot[] =>
  SERVICE_NAMES.flatMap((service) => {
    const isDouble = world.streams(`slots/${service}`).chance(0.4);
    return (isDouble ? [1, 2] : [1]).map((index) => createSlot(service, `${service}.${index}`));
  });

/** Starts every slot; `surroundings.answerers` may already ask for what is not there yet. */
export const startDeployment = (
  surroundings: Omit<Surroundings, 'answerers'>,
  slots: readonly Slot[],
): Deployment => {
  const { world } = surroundings;
  const residents = new Map<Slot, ServiceProcess>();
  let isEnding = false;
  const of = (service: ServiceName): ServiceProcess[] =>
    slots.filter((slot) => slot.service === service).flatMap((slot) => residents.get(slot) ?? []);

  const start = (slot: Slot): void => {
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
