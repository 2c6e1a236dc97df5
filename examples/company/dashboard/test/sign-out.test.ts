import { expect, it, onTestFinished } from 'vitest';
import { describeInBrowser } from './support/chromium.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

describeInBrowser('signing out of the dashboard', () => {
  const world = useDashboard();
  let visitor: Visitor;
  const typeDraft = async () => {
    await visitor.page.getByRole('button', { name: 'New order' }).click();
    await visitor.page.getByLabel('Item').fill('a present for bo');
  };
  const keptInTab = () => visitor.page.evaluate(() => ({ ...sessionStorage }));
  const latestRefreshToken = async (of: Visitor) => {
    const tokens = (await of.answers()).flatMap((text) => /"refresh_token":"([^"]+)"/.exec(text)?.[1] ?? []);
    return tokens.at(-1) ?? '';
  };
  const refresh = (token: string) =>
    world.company.requestToken({ grant_type: 'refresh_token', client_id: 'dashboard', refresh_token: token });
  const expectSignedOutPage = async (path = '/') => {
    await visitor.button('Sign in').waitFor();
    expect(visitor.page.url()).toBe(world.origin + path);
    expect(await visitor.alert.count()).toBe(0);
  };

  it('RFC 7009 §2.1: ends the refresh token and the session, and forgets what was typed', async () => {
    const other = await world.visit();
    onTestFinished(() => other.leave());
    await other.signIn('bo');
    visitor = await world.visit();
    await visitor.signIn('bo');
    await typeDraft();
    expect(Object.keys(await keptInTab()).sort()).toEqual(['order-draft', 'person', 'signed-in']);
    const held = await latestRefreshToken(visitor);

    await visitor.button('Sign out').click();
    await visitor.heading('Sign out?').waitFor();
    expect(await refresh(held), 'before any answer').toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await refresh(await latestRefreshToken(other)), 'of another browser').toMatchObject({ status: 200 });
    await visitor.button('Sign out').click();
    await expectSignedOutPage();
    expect(await keptInTab()).toEqual({});
    const before = visitor.calls.authorizationRequests.length;
    await visitor.page.reload();
    await expectSignedOutPage();
    expect(visitor.calls.authorizationRequests, 'it does not even ask').toHaveLength(before);

    await visitor.button('Sign in').click();
    await visitor.heading('Sign in').waitFor();
    await visitor.enterPassword('bo');
    await visitor.allow();
    await visitor.page.getByRole('button', { name: 'New order' }).click();
    expect(await visitor.page.getByLabel('Item').inputValue()).toBe('');
  });

  it('stays signed in at the authorization server when somebody says so there, and asks what to allow again', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    const held = await latestRefreshToken(visitor);
    await visitor.button('Sign out').click();
    await visitor.page.getByText('it lets this browser in without a password').waitFor();
    await visitor.button('Stay signed in').click();
    await expectSignedOutPage();
    expect(await keptInTab()).toEqual({});
    expect(await refresh(held)).toMatchObject({ status: 400, error: 'invalid_grant' });
    await visitor.button('Sign in').click();
    await visitor.page.getByText('You are signed in as Bo Berg.').waitFor();
    await visitor.allow();
    await visitor.page.getByRole('heading', { name: 'tea' }).waitFor();
  });

  it('says that the authorization server was not told when it cannot be reached, and forgets all the same', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    await typeDraft();
    const servers = `${world.company.authorizationServer.issuer}/**`;
    await visitor.page.route(servers, (route) => route.abort('connectionrefused'));
    await visitor.button('Sign out').click();
    await visitor.alert.getByRole('heading', { name: 'You are signed out of this page only' }).waitFor();
    expect(visitor.page.url()).toBe(`${world.origin}/`);
    expect(await keptInTab()).toEqual({});
    await visitor.page.reload();
    await expectSignedOutPage();

    await visitor.page.unroute(servers);
    await visitor.button('Sign in').click();
    await visitor.page.getByRole('heading', { name: 'tea' }).waitFor();
    expect(await visitor.page.getByLabel('Item').count(), 'as it said, without a password').toBe(0);
    await visitor.button('Sign out').click();
    await visitor.heading('Sign out?').waitFor();
    await visitor.button('Sign out').click();
    await expectSignedOutPage();
    await visitor.button('Sign in').click();
    await visitor.heading('Sign in').waitFor();
  });

  it('says so too when the authorization server has stopped, and asks for the password after its restart', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    onTestFinished(() => world.restartAuthorizationServer());
    await world.company.authorizationServer.close();
    await visitor.button('Sign out').click();
    await visitor.alert.getByRole('heading', { name: 'You are signed out of this page only' }).waitFor();
    await world.restartAuthorizationServer();
    await visitor.button('Sign in').click();
    await visitor.heading('Sign in').waitFor();
  });

  it('signs out without a question when the session is over already', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    await world.restartAuthorizationServer();
    await visitor.button('Sign out').click();
    await expectSignedOutPage();
    expect(await keptInTab()).toEqual({});
  });

  it('OIDC Core §3.1.2.6: comes to the signed-out page without an alarm when the session is over', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    await visitor.goTo('Permissions');
    await world.restartAuthorizationServer();
    await visitor.page.reload();
    await expectSignedOutPage('/permissions');
    expect(visitor.calls.authorizationRequests.map((request) => request.get('prompt'))).toEqual([null, 'none']);
    await visitor.page.reload();
    await expectSignedOutPage('/permissions');
    expect(visitor.calls.authorizationRequests, 'it asks once').toHaveLength(2);

    await visitor.button('Sign in').click();
    await visitor.enterPassword('bo');
    await visitor.allow();
    await visitor.heading('Permissions').waitFor();
  });

  it('shows what one person has typed to no other one who signs in after them', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    const comeBackAs = async (username: string) => {
      await world.restartAuthorizationServer();
      await visitor.page.reload();
      await visitor.button('Sign in').click();
      await visitor.enterPassword(username);
      await visitor.allow();
      await visitor.page.getByText(`Signed in as ${username}`).waitFor();
    };
    await typeDraft();
    await comeBackAs('bo');
    expect(await visitor.page.getByLabel('Item').inputValue(), 'their own').toBe('a present for bo');
    await comeBackAs('ada');
    expect(await visitor.page.getByLabel('Item').count()).toBe(0);
    await visitor.page.getByRole('button', { name: 'New order' }).click();
    expect(await visitor.page.getByLabel('Item').inputValue()).toBe('');
    expect(await visitor.page.content()).not.toContain('present');
  });

  it('is signed out in every tab once they are loaded again', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    const second = await visitor.page.context().newPage();
    await second.goto(world.origin);
    await second.getByRole('button', { name: 'Sign in' }).click();
    await second.getByRole('heading', { name: 'tea' }).waitFor();
    await second.reload();
    await second.getByRole('heading', { name: 'tea' }).waitFor();

    await visitor.button('Sign out').click();
    await visitor.heading('Sign out?').waitFor();
    await visitor.button('Sign out').click();
    await expectSignedOutPage();
    await second.reload();
    await second.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await second.getByRole('alert').count()).toBe(0);
  });
});
