import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import type { AnnouncedStatus, OrderEvent } from '@order-pipeline/contracts';
import { createMessaging, type ReceivedEvent } from '@order-pipeline/messaging';
import { defineService } from '@order-pipeline/service-kit';
import {
  createOrdersStub,
  createTestBroker,
  createTestRuntime,
  eventually,
  startTestService,
  type TestService,
} from '@order-pipeline/testing';
import { z } from 'zod';
import { shippingService } from '../src/index.ts';
