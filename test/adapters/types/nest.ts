import type { NestApplicationOptions } from '@nestjs/common';
import * as nest from '@nestjs/common';
import { createNestGuard } from 'scopegate/nest';
import { verifier } from './verifier.js';

const { ScopegateGuard, ScopegateModule } = createNestGuard(nest, verifier, { onRefusal: ({ reason }) => reason });

export const guard: nest.CanActivate = new ScopegateGuard();
export const imported: nest.DynamicModule = ScopegateModule;
export const options: NestApplicationOptions = {};
