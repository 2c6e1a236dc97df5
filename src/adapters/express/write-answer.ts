import type { ServerResponse } from 'node:http';
import type { HttpAnswer } from '../../protocol/http-answer.js';

/** Writes an answer and ends the response. */
export function writeAnswer(res: ServerResponse, { status, headers, body }: HttpAnswer): void {
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.end(body);
}
