import React, { useState } from "react";

interface Props {
  title: string;
}

/** A page with a counter. */
export function Page({ title }: Props): JSX.Element {
  const [count, setCount] = useState(0);
  return (
    <main onClick={() => setCount(count + 1)}>
      <h1>{title}</h1>
    </main>
  );
}

export const Footer: React.FC = () => <footer>The end</footer>;
