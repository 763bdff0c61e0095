import { Module } from '@nestjs/common';
import { DemoPicturesController } from './demo-pictures.controller.js';

/** What the demo shop needs beside its data. */
@Module({ controllers: [DemoPicturesController] })
export class DemoModule {}
