import express from 'express';
import { createGuard, createVerifier } from 'scopegate';

const guard = createGuard(createVerifier({ issuer: 'https://login.example.com', audience: 'orders' }));
const app = express();

app.use(guard());
// @ts-expect-error a guard that was not called, as middleware (Guard<UntypedClaims>)
app.use(guard);
app.use('/admin', guard());
// @ts-expect-error a guard that was not called, as middleware of a path (Guard<UntypedClaims>)
app.use('/admin', guard);
app.use(guard.optional());
// @ts-expect-error an optional guard that was not called (OptionalGuard<UntypedClaims>)
app.use(guard.optional);
app.get('/orders', guard());
// @ts-expect-error a guard that was not called, on a route (Guard<UntypedClaims>)
app.get('/orders', guard);
