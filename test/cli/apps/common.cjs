const express = require('express');

const server = express();
server.get('/common', (_req, res) => res.send('ok'));
module.exports = { server };
