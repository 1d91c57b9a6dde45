// Resizable ArrayBuffers, which Node 20 has and the types of ES2023 do not.

export interface ResizableBuffer extends ArrayBuffer {
  resize(length: number): void;
}

/** `length` bytes that can become any number up to `maxByteLength`. */
export function resizableBuffer(length: number, maxByteLength = length): ResizableBuffer {
  return Reflect.construct(ArrayBuffer, [length, { maxByteLength }]) as ResizableBuffer;
}
