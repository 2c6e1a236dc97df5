import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CompanyWorld, DASHBOARD_ORIGIN, describeCompany } from '../../../test/support/company-world.js';
import { startAuthorizationServer } from '../authorization-server.js';
import { Attempts } from '../sign-in/attempts.js';
import { type PasswordCheck, Passwords } from '../sign-in/passwords.js';

const MINUTE = 60_000;

describe('wrong passwords at the sign-in of examples/company', () => {
  let now: number;
  beforeEach(() => {
    now = 0;
  });
  const clock = () => now;
  const create = () => new Passwords({ ada: 'right', bo: 'right too' }, clock);
  const tryMany = async (passwords: Passwords, count: number, username: string, password = 'wrong') => {
    const checks: PasswordCheck[] = [];
    for (let index = 0; index < count; index += 1) {
      checks.push(await passwords.check(username, password));
      now += MINUTE;
    }
    return checks;
  };
  const wrong = { outcome: 'wrong' };

  it('are looked at five times within fifteen minutes, and then not before the first is that long ago', async () => {
    const passwords = create();
    const refusedFor = (minutes: number) => ({ outcome: 'refused', retryAfterSeconds: minutes * 60 });
    expect(await tryMany(passwords, 5, 'ada')).toEqual(Array(5).fill(wrong));
    expect(await tryMany(passwords, 2, 'ada', 'right')).toEqual([refusedFor(10), refusedFor(9)]);
    now += 8 * MINUTE - 1;
    expect(await passwords.check('ada', 'right')).toEqual({ outcome: 'refused', retryAfterSeconds: 1 });
    now += 1;
    expect(await passwords.check('ada', 'wrong')).toEqual(wrong);
    expect(await passwords.check('ada', 'right'), 'one has left, and one has come').toEqual(refusedFor(1));
    now += MINUTE;
    expect(await passwords.check('ada', 'right')).toEqual({ outcome: 'good' });
  });

  it('begin anew after a right one', async () => {
    const passwords = create();
    expect(await tryMany(passwords, 4, 'ada')).toEqual(Array(4).fill(wrong));
    expect(await passwords.check('ada', 'right')).toEqual({ outcome: 'good' });
    expect(await tryMany(passwords, 5, 'ada')).toEqual(Array(5).fill(wrong));
    expect((await passwords.check('ada', 'right')).outcome).toBe('refused');
  });

  it('count for their name alone, and the same whether or not somebody has it', async () => {
    const passwords = create();
    const ofNobody = await tryMany(passwords, 7, 'nobody');
    now = 0;
    expect(await tryMany(passwords, 7, 'ada')).toEqual(ofNobody);
    expect(ofNobody.map(({ outcome }) => outcome)).toEqual([...Array(5).fill('wrong'), 'refused', 'refused']);
    expect(await passwords.check('bo', 'right too')).toEqual({ outcome: 'good' });
  });

  it('count when they come all at once, too', async () => {
    const passwords = create();
    const checks = await Promise.all(Array.from({ length: 40 }, () => passwords.check('ada', 'wrong')));
    expect(checks.filter(({ outcome }) => outcome === 'wrong')).toHaveLength(5);
    expect(checks.filter(({ outcome }) => outcome === 'refused')).toHaveLength(35);
  });

  it('cost no hash when they are refused', async () => {
    const passwords = create();
    // A hash ends in another turn of the event loop; an answer without one comes in this one.
    const answer = () => Promise.race([passwords.check('ada', 'wrong'), setImmediate({ outcome: 'hashes' })]);
    await passwords.check('ada', 'wrong');
    for (let count = 0; count < 4; count += 1) expect((await answer()).outcome).toBe('hashes');
    expect((await answer()).outcome).toBe('refused');
  });

  it('take bounded memory: the name that was tried least recently is forgotten', () => {
    const attempts = new Attempts({ clock, max: 3 });
    const fill = (name: string) => Array.from({ length: 6 }, () => attempts.begin(name)).at(-1);
    for (const name of ['a', 'b', 'c']) expect(fill(name)).toBe(900);
    expect(attempts.begin('a')).toBe(900);
    expect(fill('d')).toBe(900);
    expect(attempts.begin('b'), 'forgotten').toBe(0);
    expect(attempts.begin('a')).toBe(900);
  });
});

describeCompany('too many wrong passwords on the page of examples/company', () => {
  let world: CompanyWorld;
  beforeAll(async () => {
    world = await CompanyWorld.start();
  });
  afterAll(() => world.close());

  it('RFC 6585 §4: answer 429 with Retry-After and words, the same for a name that nobody has', async () => {
    let now = Date.now();
    const { authorizationServer: before, secrets } = world;
    const options = { port: 0, dashboardOrigin: DASHBOARD_ORIGIN, secrets, clock: () => now };
    world.authorizationServer = await startAuthorizationServer(options);
    onTestFinished(async () => {
      await world.authorizationServer.close();
      world.authorizationServer = before;
    });
    const browser = world.openBrowser();
    const login = await browser.open(world.authorizationUrl({ scope: 'orders:read' }).url);
    const type = async (username: string, password: string) => {
      const { url, answer } = await browser.submit(login, { username, password, decision: 'allow' });
      const [, alert] = /role="alert"[^>]*>([^<]*)</.exec(answer?.text ?? '') ?? [];
      return { url, status: answer?.status, retryAfter: answer?.headers.get('retry-after') ?? null, alert };
    };
    const doNotFit = { status: 403, retryAfter: null, alert: 'This username and password do not fit. Try again.' };
    const refused = { status: 429, retryAfter: '900', alert: 'Too many attempts. Try again in 15 minutes.' };
    for (const username of ['ada', 'nobody']) {
      for (let count = 0; count < 5; count += 1) expect(await type(username, 'wrong')).toMatchObject(doNotFit);
      expect(await type(username, secrets.passwords['ada'] ?? '')).toMatchObject(refused);
    }
    expect(await type('bo', 'wrong')).toMatchObject(doNotFit);

    now += 14 * MINUTE + 1;
    const almost = { status: 429, retryAfter: '60', alert: 'Too many attempts. Try again in 1 minute.' };
    expect(await type('ada', secrets.passwords['ada'] ?? '')).toMatchObject(almost);
    now += MINUTE;
    const consent = await type('ada', secrets.passwords['ada'] ?? '');
    expect([consent.status, consent.alert]).toEqual([200, undefined]);
  });
});
