import { isUtf8 } from 'node:buffer';

// In octets.
const UTF8_MARK = Buffer.of(0xef, 0xbb, 0xbf);
const UTF16_MARKS = { 'utf-16le': Buffer.of(0xff, 0xfe), 'utf-16be': Buffer.of(0xfe, 0xff) } as const;

/**
 * Gives a text document in UTF-8, without a byte order mark: such as it is (RFC 8259 §8.1), or from UTF-16, or from the
 * charset that its media type names. `contentType` is the whole header.
 */
export function toUtf8(bytes: Buffer, contentType: string | null): Buffer {
  if (startsWith(bytes, UTF8_MARK)) return bytes.subarray(UTF8_MARK.length);
  const encoding = findUtf16(bytes) ?? findCharset(bytes, contentType);
  return encoding === undefined ? bytes : Buffer.from(new TextDecoder(encoding).decode(bytes));
}

/** Without a mark, a zero octet tells: JSON begins with an ASCII character. */
function findUtf16(bytes: Buffer): string | undefined {
  if (startsWith(bytes, UTF16_MARKS['utf-16le']) || bytes[1] === 0) return 'utf-16le';
  return startsWith(bytes, UTF16_MARKS['utf-16be']) || bytes[0] === 0 ? 'utf-16be' : undefined;
}

/** What is well-formed UTF-8 is UTF-8, whatever the header says. */
function findCharset(bytes: Buffer, contentType: string | null): string | undefined {
  const charset = /;\s*charset="?([\w.:-]+)"?/i.exec(contentType ?? '')?.[1];
  if (charset === undefined || isUtf8(bytes)) return undefined;
  try {
    return new TextDecoder(charset).encoding;
  } catch {
    return undefined;
  }
}

function startsWith(bytes: Buffer, mark: Buffer): boolean {
  return bytes.subarray(0, mark.length).equals(mark);
}
