import type { Visitor } from './visitor.js';

/** Goes to the report, to the permissions and to the access of others, and checks each page once it shows its content. */
export async function checkManagerPages(visitor: Visitor, check: (state: string) => Promise<void>): Promise<void> {
  const { page } = visitor;
  await visitor.goTo('Report');
  await visitor.allowMore();
  await page.getByRole('table').waitFor();
  await check('report');
  await visitor.goTo('Permissions');
  await page
    .getByRole('button', { name: /^Allow/ })
    .first()
    .waitFor();
  await check('permissions');
  await visitor.goTo('Access');
  await visitor.alert.first().waitFor();
  await check('access-of-others');
}
