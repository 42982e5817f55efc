import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { BODY_LIMIT_BYTES, type ErrorCode } from '@order-pipeline/contracts';
import type { FastifyError } from 'fastify';
import { AppError } from '../app-error.ts';
import { refuse } from '../reply.ts';

export const bodyTooLarge = (limitBytes: number) =>
  new AppError('BODY_TOO_LARGE', `The body may have ${limitBytes} bytes at most`);

/**
 * What Fastify itself refuses, in our words; nothing where it is not the client's doing.
 *
 * @param bodyLimitBytes of the route that was asked
 */
export const frameworkRefusal = (
  error: FastifyError,
  bodyLimitBytes: number = BODY_LIMIT_BYTES.none,
): AppError | undefined => {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON, sent as application/json');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return bodyTooLarge(bodyLimitBytes);
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new AppError('MALFORMED_JSON', 'The body is not well-formed JSON');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new AppError('MALFORMED_JSON', 'The body is not as long as its Content-Length says');
    default:
      // Plugins have refusals of their own, which have their HTTP status.
      if (!(error instanceof AppError) && error.statusCode !== undefined && error.statusCode < 500)
        return new AppError('VALIDATION_FAILED', 'The request cannot be understood');
      return undefined;
  }
};

const clientRefusal = (nodeCode: string): readonly [ErrorCode, string] => {
  switch (nodeCode) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['REQUEST_TIMEOUT', 'The request took too long to arrive'];
    case 'HPE_HEADER_OVERFLOW':
      return ['HEADERS_TOO_LARGE', 'The headers are too large'];
    default:
      return ['VALIDATION_FAILED', 'This is not a well-formed HTTP request'];
  }
};

/** Answers what never became a request, on the bare socket, and closes it. */
export const answerClientError = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, body } = refuse(...clientRefusal(error.code ?? ''));
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
};
