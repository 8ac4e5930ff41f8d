// For engines that cannot transfer a stream: loaded with the first answer that comes so.

/** A stream of what comes through `port`, chunk by chunk as it is read. */
export function streamOf(port: MessagePort): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        new Promise((resolve) => {
          port.onmessage = ({ data }) => {
            if (data.error) controller.error(new TypeError(data.error));
            else if (data.done) controller.close();
            else controller.enqueue(data.value);
            resolve();
          };
          port.postMessage('pull');
        }),
      cancel: () => port.postMessage('cancel'),
    },
    { highWaterMark: 0 },
  );
}
