import express from 'express';

const app = express();
app.delete('/orders/:id', (_req, res) => res.send('gone'));
// biome-ignore lint/style/noDefaultExport: a module may export its app so
export default app;
