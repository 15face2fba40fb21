/** Takes the data of server-sent events out of a stream that comes in pieces; comments are signs of life only. */
export function eventLines(onData: (data: string) => void): (piece: string) => void {
  let rest = '';
  return (piece) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) onData(line.slice('data: '.length));
  };
}
