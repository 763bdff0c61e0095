/** A due job on its way to whoever runs it. */
export interface Delivery {
  id: string;
  queue: string;
  /** The number of the coming try; a second delivery of the same try is dropped. */
  attempt: number;
  /** It was begun and its process has not ended it in time. It may have taken that process down: it travels alone. */
  isLapsed: boolean;
}

/** Carries due jobs to their runner: through Redis, or inside this process. Losing a delivery is harmless. */
export abstract class Transport {
  abstract start(): Promise<void>;
  /** @throws when the deliveries could not be handed over; they are tried again later */
  abstract deliver(deliveries: Delivery[]): Promise<void>;
  /** Takes no more and waits for those at work. */
  abstract stop(): Promise<void>;
}
